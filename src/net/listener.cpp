/// @file  Listener: accepts, and hands over connections whose first byte is there.
#include <algorithm>
#include <cerrno>
#include <list>
#include <system_error>
#include <unordered_map>

#include "base/log.hpp"
#include "net/listening_sockets.hpp"
#include "net/newcomer.hpp"
#include "net/unix_socket_place.hpp"

namespace daffi::net {
namespace {

constexpr int accepts_per_round = 64;
constexpr auto pause_without_resources = std::chrono::milliseconds(100);

class SocketListener;

// One listening socket. Strand: the loop's thread.
class Acceptor final : public Watcher {
 public:
  Acceptor(SocketListener& owner, Loop& loop, Descriptor socket)
      : owner_(owner), loop_(loop), socket_(std::move(socket)), again_(loop) {}
  ~Acceptor() { loop_.forget(socket_.get()); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  base::Result<void> start() { return loop_.watch(socket_.get(), *this); }

 private:
  void on_ready(Ready) override {
    if (!again_.pending()) accept_waiting();
  }
  void accept_waiting();
  void pause(int error);

  SocketListener& owner_;
  Loop& loop_;
  Descriptor socket_;
  Timer again_;                    ///< set while accepting is put off
  bool out_of_resources_ = false;  ///< said so already
};

class SocketListener final : public Listener {
 public:
  SocketListener(Loop& loop, Endpoint endpoint, ListenOptions options, OnStream on_stream, UnixSocketPlace place)
      : loop_(loop),
        endpoint_(std::move(endpoint)),
        options_(std::move(options)),
        on_stream_(std::make_shared<OnStream>(std::move(on_stream))),
        place_(std::move(place)) {}

  base::Result<void> start(std::vector<Descriptor> sockets) {
    for (Descriptor& socket : sockets) {
      acceptors_.push_back(std::make_unique<Acceptor>(*this, loop_, std::move(socket)));
      if (auto started = acceptors_.back()->start(); !started) return started;
    }
    return {};
  }

  const Endpoint& endpoint() const override { return endpoint_; }

  void welcome(Descriptor socket) {
    if (newcomers_.size() >= options_.max_handshaking) return turn_away(newcomers_.size(), {});
    const auto place = newcomers_.emplace(newcomers_.end());
    *place = std::make_unique<Newcomer>(loop_, std::move(socket), options_, quota_, [this, place](auto stream) {
      // What is called may destroy this listener, so nothing of it is touched after that.
      const auto on_stream = on_stream_;
      forget(place);
      if (stream) (*on_stream)(std::move(stream));
    });
    const std::string& host = (*place)->host();
    const std::size_t from_there = host.empty() ? 0 : ++from_there_[host];
    // One address alone does not keep all others out.
    if (from_there > options_.max_handshaking_per_address) {
      turn_away(from_there - 1, " from " + host);
      return forget(place);
    }
    full_ = false;
    if (!(*place)->start()) forget(place);
  }

 private:
  using Place = std::list<std::unique_ptr<Newcomer>>::iterator;

  void turn_away(std::size_t there_are, const std::string& from) {
    if (from.empty() ? std::exchange(full_, true) : !quota_.take(loop_.clock().now())) return;
    base::log(LogLevel::warning, "net",
              endpoint_.to_string() + ": " + std::to_string(there_are) + " connections" + from +
                  " have yet to say who they are, closing further ones");
  }
  void forget(Place place) {
    const auto there = from_there_.find((*place)->host());
    if (there != from_there_.end() && --there->second == 0) from_there_.erase(there);
    newcomers_.erase(place);
  }

  Loop& loop_;
  const Endpoint endpoint_;
  const ListenOptions options_;
  const std::shared_ptr<OnStream> on_stream_;
  UnixSocketPlace place_;  ///< given up after the sockets are closed
  base::LogQuota quota_;
  std::list<std::unique_ptr<Newcomer>> newcomers_;
  std::unordered_map<std::string, std::size_t> from_there_;  ///< of these, by host_of()
  bool full_ = false;                                        ///< said so already
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

void Acceptor::accept_waiting() {
  for (int i = 0; i < accepts_per_round; ++i) {
    Descriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      out_of_resources_ = false;
      owner_.welcome(std::move(socket));
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return pause(errno);
      default:
        break;  // the connection is broken already (ECONNABORTED and the like): on to the next
    }
  }
  again_.after(base::Duration::zero(), [this] { accept_waiting(); });
}

void Acceptor::pause(int error) {
  if (!std::exchange(out_of_resources_, true)) {
    base::log(LogLevel::warning, "net",
              owner_.endpoint().to_string() +
                  ": cannot accept connections for now: " + std::generic_category().message(error));
  }
  again_.after(pause_without_resources, [this] { accept_waiting(); });
}

}  // namespace

base::Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& endpoint, ListenOptions options,
                                               Listener::OnStream on_stream) {
  Endpoint bound = endpoint;
  UnixSocketPlace place;
  if (endpoint.kind == Endpoint::Kind::unix_socket) {
    auto claimed = UnixSocketPlace::claim(endpoint.socket_path());
    if (!claimed) return std::move(claimed).failure();
    place = std::move(claimed).value();
  }
  auto sockets = open_listening_sockets(bound);
  if (!sockets) return std::move(sockets).failure();
  auto listener = std::make_unique<SocketListener>(loop, std::move(bound), std::move(options), std::move(on_stream),
                                                   std::move(place));
  if (auto started = listener->start(std::move(sockets).value()); !started) {
    return base::fail(ErrorCode::initialization, started.failure().message);
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace daffi::net
