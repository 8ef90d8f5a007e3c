/// @file  The floor's relay: raw epoll, one large read, whole runs of frames forwarded straight out of the read buffer.
#include <sys/epoll.h>

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "floor_socket.hpp"

namespace {

/// One member's connection. What was read and not yet forwarded stays in `buffer`: nothing is copied on its way.
/// Threads: the relay's only one.
struct Connection {
  int socket = -1;
  std::vector<std::byte> buffer = std::vector<std::byte>(bench::floor_buffer_size);
  std::size_t head = 0;             ///< the first byte that is not yet forwarded
  std::size_t tail = 0;             ///< behind the last byte read
  std::size_t run_end = 0;          ///< behind the run being forwarded, while `target` is set
  Connection* target = nullptr;     ///< where that run goes; set only while the target could not take all of it
  std::deque<Connection*> waiting;  ///< sources whose runs this member could not take, in order; the first is under way
};

class Relay {
 public:
  explicit Relay(const bench::Options& options)
      : options_{options}, listener_{bench::listen_on(options)}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (epoll_ < 0) bench::fail_errno("epoll_create1");
    control(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  unsigned port() const { return bench::port_of(listener_, options_); }

  /// Forwards until a member leaves: a benchmark is over then.
  void run() {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) bench::fail_errno("epoll_wait");
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
        if (connection == nullptr) {
          accept_member();
          continue;
        }
        if ((what & EPOLLOUT) != 0) on_writable(*connection);
        if ((what & ~std::uint32_t{EPOLLOUT}) != 0 && connection->target == nullptr && !on_readable(*connection))
          return;
      }
    }
  }

 private:
  void control(int operation, int socket, std::uint32_t events, Connection* connection) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    if (::epoll_ctl(epoll_, operation, socket, &event) != 0) bench::fail_errno("epoll_ctl");
  }

  void accept_member() {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    bench::set_no_delay(socket, options_);
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->socket = socket;
    control(EPOLL_CTL_ADD, socket, EPOLLIN, connections_.back().get());
  }

  /// Level-triggered, so one read is enough: what it leaves comes with the next event.
  bool on_readable(Connection& source) {
    const std::size_t room = std::min(source.buffer.size() - source.tail, options_.read_limit);
    const ssize_t received = ::recv(source.socket, source.buffer.data() + source.tail, room, 0);
    if (received == 0) return false;
    if (received < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      if (errno == ECONNRESET) return false;
      bench::fail_errno("recv");
    }
    source.tail += static_cast<std::size_t>(received);
    forward(source);
    return true;
  }

  /// Sends every whole frame on, in runs that go to one member; stops early where a member cannot take more.
  void forward(Connection& source) {
    while (source.target == nullptr) {
      const std::size_t end = find_run(source);
      if (end == source.head) break;
      if (bench::load_header(source.buffer.data() + source.head).to == bench::floor_every_callee) {
        send_to_callees(source, end);
        continue;
      }
      send_run(source, *member(source), end);
    }
    if (source.target != nullptr) return;
    // Before the next read there must be room for a whole frame, and the front is where most of it is.
    if (source.head != source.tail) {
      std::memmove(source.buffer.data(), source.buffer.data() + source.head, source.tail - source.head);
    }
    source.tail -= source.head;
    source.head = 0;
  }

  /// Returns the end of the longest run of whole frames at the head that go to the same member.
  static std::size_t find_run(const Connection& source) {
    std::size_t end = source.head;
    std::uint32_t to = 0;
    while (source.tail - end >= sizeof(bench::FloorHeader)) {
      const bench::FloorHeader header = bench::load_header(source.buffer.data() + end);
      if (header.length < sizeof(bench::FloorHeader) || header.length > bench::floor_max_frame) {
        bench::fail("a frame of impossible length");
      }
      if (source.tail - end < header.length || (end != source.head && header.to != to)) break;
      to = header.to;
      end += header.length;
    }
    return end;
  }

  /// The member that the frame at the head goes to; a greeting is taken note of first, and so goes back to its sender.
  Connection* member(Connection& source) {
    const bench::FloorHeader header = bench::load_header(source.buffer.data() + source.head);
    if (header.kind == bench::floor_hello) members_[header.from] = &source;
    if (last_member_ == nullptr || last_id_ != header.to) {
      const auto found = members_.find(header.to);
      if (found == members_.end()) bench::fail("a frame to a member that never joined");
      last_id_ = header.to;
      last_member_ = found->second;
    }
    return last_member_;
  }

  /// Only for what fits into every socket at once: one broadcast at a time.
  void send_to_callees(Connection& source, std::size_t end) {
    source.run_end = end;
    const std::size_t begin = source.head;
    for (const auto& [id, callee] : members_) {
      if (id == bench::floor_caller_id) continue;
      source.head = begin;
      if (!drain(source, *callee)) bench::fail("a broadcast does not fit into a socket");
    }
  }

  void send_run(Connection& source, Connection& target, std::size_t end) {
    source.run_end = end;
    if (target.waiting.empty() && drain(source, target)) return;
    source.target = &target;
    target.waiting.push_back(&source);
    watch(source);
    watch(target);
  }

  /// True when the whole run is out.
  static bool drain(Connection& source, Connection& target) {
    while (source.head != source.run_end) {
      const ssize_t sent =
          ::send(target.socket, source.buffer.data() + source.head, source.run_end - source.head, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) return false;
      if (sent < 0) bench::fail_errno("send");
      source.head += static_cast<std::size_t>(sent);
    }
    return true;
  }

  void on_writable(Connection& target) {
    while (!target.waiting.empty()) {
      Connection& source = *target.waiting.front();
      if (!drain(source, target)) return;
      target.waiting.pop_front();
      source.target = nullptr;
      forward(source);
      watch(source);
    }
    watch(target);
  }

  /// Input is watched while there is room for it, output while somebody waits for it.
  void watch(Connection& connection) {
    const std::uint32_t in = connection.target == nullptr ? std::uint32_t{EPOLLIN} : 0U;
    const std::uint32_t out = connection.waiting.empty() ? 0U : std::uint32_t{EPOLLOUT};
    control(EPOLL_CTL_MOD, connection.socket, in | out, &connection);
  }

  bench::Options options_;
  int listener_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::uint32_t, Connection*> members_;
  std::uint32_t last_id_ = 0;
  Connection* last_member_ = nullptr;  ///< of `last_id_`: a run of frames to one member looks it up once
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  Relay relay{options};
  bench::report_ready(relay.port());
  relay.run();
}
