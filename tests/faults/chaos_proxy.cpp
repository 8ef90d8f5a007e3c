/// @file  ChaosProxy: a bad network between two processes, as bad as the test says at the moment.
#include "faults/chaos_proxy.hpp"

#include <array>
#include <asio.hpp>
#include <atomic>
#include <deque>
#include <future>
#include <random>
#include <thread>
#include <vector>

namespace daffi::tests {
namespace {

using Socket = asio::generic::stream_protocol::socket;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Time = std::chrono::steady_clock::time_point;

constexpr std::size_t kMostKept = 1 << 20;

Endpoint endpoint_of(const Place& place) {
  if (const auto* path = std::get_if<std::filesystem::path>(&place)) {
    return asio::local::stream_protocol::endpoint(path->string());
  }
  return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), std::get<std::uint16_t>(place));
}

// What the network is like one way, and what has gone that way.
struct Conditions {
  Weather weather;
  bool flip = false;
  std::atomic<std::uint64_t> bytes{0};
};

// One way of one connection. Lives until its last operation has ended.
class Pump : public std::enable_shared_from_this<Pump> {
 public:
  Pump(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to, Conditions& conditions, std::mt19937& random)
      : from_(std::move(from)),
        to_(std::move(to)),
        conditions_(conditions),
        random_(random),
        timer_(from_->get_executor()) {}

  void start() { read(); }
  // The weather has changed, or something has come.
  void go_on() {
    if (silent_) return;
    read();
    write();
  }
  void end_behind_what_is_kept() {
    ended_ = true;
    go_on();
  }
  void fall_silent() { silent_ = true; }
  // Nothing has to be sent any more.
  bool finished() const { return silent_ || (ended_ && kept_.empty()); }
  void close() {
    silent_ = true;
    timer_.cancel();
    asio::error_code ignored;
    from_->close(ignored);
    to_->close(ignored);
  }

 private:
  struct Kept {
    Time due;
    std::vector<char> bytes;
  };

  void read() {
    if (reading_ || ended_ || silent_ || kept_bytes_ >= kMostKept) return;
    reading_ = true;
    auto done = [self = shared_from_this()](asio::error_code error, std::size_t count) {
      self->reading_ = false;
      if (self->silent_ || self->ended_) return;
      if (error) return self->end_behind_what_is_kept();
      self->keep(count);
      self->go_on();
    };
    from_->async_read_some(asio::buffer(buffer_), std::move(done));
  }

  void keep(std::size_t count) {
    if (conditions_.weather.swallowed) torn_ = true;
    if (torn_) return;
    const auto spread = std::uniform_int_distribution<long>(0, conditions_.weather.jitter.count())(random_);
    Time due = std::chrono::steady_clock::now() + conditions_.weather.delay + std::chrono::milliseconds(spread);
    if (const auto speed = conditions_.weather.bytes_per_second; speed > 0) {
      due = std::max(due, sent_until_) + std::chrono::microseconds(count * 1'000'000 / speed);
      sent_until_ = due;
    }
    kept_.push_back({due, std::vector<char>(buffer_.data(), buffer_.data() + count)});
    kept_bytes_ += count;
  }

  void write() {
    if (writing_ || silent_ || conditions_.weather.stalled) return;
    if (kept_.empty()) {
      asio::error_code ignored;
      if (ended_) to_->shutdown(Socket::shutdown_send, ignored);
      return;
    }
    const Time now = std::chrono::steady_clock::now();
    if (kept_.front().due > now) {
      timer_.expires_at(kept_.front().due);
      timer_.async_wait([self = shared_from_this()](asio::error_code error) {
        if (!error) self->write();
      });
      return;
    }
    writing_ = true;
    if (std::exchange(conditions_.flip, false)) kept_.front().bytes.front() ^= 0x10;
    auto done = [self = shared_from_this()](asio::error_code error, std::size_t count) {
      self->writing_ = false;
      if (error) return self->close();
      self->conditions_.bytes += count;
      self->kept_bytes_ -= count;
      self->kept_.pop_front();
      self->go_on();
    };
    asio::async_write(*to_, asio::buffer(kept_.front().bytes), std::move(done));
  }

  const std::shared_ptr<Socket> from_;
  const std::shared_ptr<Socket> to_;
  Conditions& conditions_;
  std::mt19937& random_;
  asio::steady_timer timer_;
  std::array<char, 64 * 1024> buffer_;
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  bool torn_ = false;  // bytes of this connection and way have vanished
  Time sent_until_{};
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;   // nothing more is read
  bool silent_ = false;  // nothing more is done
};

}  // namespace

class ChaosProxy::Impl {
 public:
  struct Connection {
    std::shared_ptr<Socket> near;
    std::shared_ptr<Socket> far;
    std::shared_ptr<Pump> up;
    std::shared_ptr<Pump> down;
  };

  Impl(const Place& here, const Place& there) : acceptor_(context, endpoint_of(here)), there_(endpoint_of(there)) {
    if (std::holds_alternative<std::uint16_t>(here)) {
      const auto local = acceptor_.local_endpoint();
      port = ntohs(reinterpret_cast<const sockaddr_in*>(local.data())->sin_port);
    }
    accept();
    thread_ = std::thread([this] { context.run(); });
  }
  ~Impl() {
    context.stop();
    thread_.join();
  }

  template <typename Action>
  void for_each(Action action) {
    for (auto& connection : connections_) action(connection);
  }
  void go_on() {
    for_each([](Connection& each) {
      each.up->go_on();
      each.down->go_on();
    });
  }
  void close_all() {
    for_each([](Connection& each) {
      each.up->close();
      each.down->close();
    });
    connections_.clear();
    abandoned_.clear();
  }
  void leave_half_open() {
    for_each([this](Connection& each) {
      each.up->fall_silent();
      each.down->fall_silent();
      asio::error_code ignored;
      each.far->close(ignored);
      abandoned_.push_back(each.near);
    });
    connections_.clear();
  }

  asio::io_context context{1};
  std::array<Conditions, 2> conditions;
  std::uint16_t port = 0;
  std::atomic<std::uint64_t> accepted{0};
  bool refusing = false;

 private:
  void accept() {
    acceptor_.async_accept([this](asio::error_code error, Socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && !refusing) connect(std::make_shared<Socket>(std::move(socket)));
      accept();
    });
  }

  void connect(std::shared_ptr<Socket> near) {
    auto far = std::make_shared<Socket>(context);
    far->async_connect(there_, [this, near, far](asio::error_code error) {
      if (error) return;  // both close with the last who knows them
      std::erase_if(connections_, [](const Connection& each) { return each.up->finished() && each.down->finished(); });
      auto up = std::make_shared<Pump>(near, far, conditions[0], random_);
      auto down = std::make_shared<Pump>(far, near, conditions[1], random_);
      connections_.push_back({near, far, up, down});
      up->start();
      down->start();
      ++accepted;
    });
  }

  std::mt19937 random_{20'241'123};
  Acceptor acceptor_;
  const Endpoint there_;
  std::vector<Connection> connections_;
  std::vector<std::shared_ptr<Socket>> abandoned_;
  std::thread thread_;
};

ChaosProxy::ChaosProxy(const Place& here, const Place& there) : impl_(std::make_unique<Impl>(here, there)) {}

ChaosProxy::~ChaosProxy() = default;

// Returns when it is done, so that the test knows what holds.
void ChaosProxy::in_thread(const std::function<void()>& task) const {
  std::promise<void> done;
  asio::post(impl_->context, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

std::uint16_t ChaosProxy::port() const { return impl_->port; }

void ChaosProxy::set(Way way, const Weather& weather) {
  in_thread([&] {
    impl_->conditions[static_cast<std::size_t>(way)].weather = weather;
    impl_->go_on();
  });
}

void ChaosProxy::flip_a_bit(Way way) {
  in_thread([&] { impl_->conditions[static_cast<std::size_t>(way)].flip = true; });
}

void ChaosProxy::half_close(Way way) {
  in_thread([&] {
    impl_->for_each([way](auto& each) { (way == Way::up ? each.up : each.down)->end_behind_what_is_kept(); });
  });
}

void ChaosProxy::half_open() {
  in_thread([&] { impl_->leave_half_open(); });
}

void ChaosProxy::cut() {
  in_thread([&] { impl_->close_all(); });
}

void ChaosProxy::refuse(bool yes) {
  in_thread([&] { impl_->refusing = yes; });
}

std::uint64_t ChaosProxy::connections() const { return impl_->accepted; }

std::uint64_t ChaosProxy::bytes(Way way) const { return impl_->conditions[static_cast<std::size_t>(way)].bytes; }

}  // namespace daffi::tests
