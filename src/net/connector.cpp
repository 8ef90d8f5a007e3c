/// @file  Connector: address after address, then TLS, all within one deadline.
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "net/endpoint.hpp"
#include "net/fd_stream.hpp"
#include "net/socket_address.hpp"
#include "net/tls_stream.hpp"

namespace daffi::net {
namespace {

constexpr auto retry_full_backlog = std::chrono::milliseconds(10);
constexpr auto longest_per_address = std::chrono::seconds(10);

class SocketConnector final : public Connector, public Watcher {
 public:
  SocketConnector(Loop& loop, Endpoint endpoint, std::shared_ptr<const TlsContext> tls)
      : loop_(loop), endpoint_(std::move(endpoint)), context_(std::move(tls)), limit_(loop), step_(loop) {}
  ~SocketConnector() override { cancel(); }

  void connect(base::Deadline deadline, Done done) override {
    cancel();
    done_ = std::move(done);
    deadline_ = deadline;
    if (!deadline.is_never()) {
      limit_.at(deadline.at, [this] { fail(ErrorCode::connect_timeout, "no answer from " + target() + " in time"); });
    }
    step_.after(base::Duration::zero(), [this] { find_addresses(); });
  }

  void cancel() override {
    done_ = nullptr;
    limit_.cancel();
    step_.cancel();
    lookup_.reset();
    drop_socket();
    if (tls_) tls_->unwatch();
    tls_.reset();
  }

  std::string target() const override { return endpoint_.to_string(); }

 private:
  void find_addresses();
  void begin(std::vector<SocketAddress> addresses);
  void try_next();
  void attempt(const SocketAddress& address);
  void give_up_address(int error);
  void on_ready(Ready ready) override;
  void check_connected();
  void connected();
  void go_on_with_tls();
  void drop_socket();
  void finish(base::Result<std::unique_ptr<Stream>> result);
  void fail(ErrorCode code, std::string message) { finish(base::fail(code, std::move(message))); }

  Loop& loop_;
  const Endpoint endpoint_;
  const std::shared_ptr<const TlsContext> context_;
  Done done_;
  base::Deadline deadline_;
  Timer limit_;  ///< the whole attempt
  Timer step_;   ///< what comes next, or the share of one address
  std::shared_ptr<void> lookup_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  base::Failure last_failure_;
  Descriptor socket_;  ///< watched while it connects
  std::unique_ptr<TlsStream> tls_;
};

void SocketConnector::find_addresses() {
  if (endpoint_.kind == Endpoint::Kind::unix_socket) {
    auto address = unix_address(endpoint_.socket_path());
    if (!address) return finish(std::move(address).failure());
    return begin({*address});
  }
  auto known = known_addresses(endpoint_.host, endpoint_.port);
  if (!known.empty()) return begin(std::move(known));
  lookup_ = look_up_on_thread(loop_, endpoint_.host, endpoint_.port, [this](Addresses found) {
    lookup_.reset();
    if (!found) return finish(std::move(found).failure());
    begin(std::move(found).value());
  });
}

void SocketConnector::begin(std::vector<SocketAddress> addresses) {
  addresses_ = std::move(addresses);
  next_ = 0;
  last_failure_ = base::fail(ErrorCode::no_controller, "nowhere to connect to for " + target());
  try_next();
}

void SocketConnector::try_next() {
  if (next_ == addresses_.size()) return finish(std::move(last_failure_));
  attempt(addresses_[next_++]);
}

void SocketConnector::attempt(const SocketAddress& address) {
  socket_ = Descriptor(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return give_up_address(errno);
  if (::connect(socket_.get(), address.get(), address.length) == 0) return connected();
  if (errno == EAGAIN) {  // a UNIX socket whose backlog is full: nothing will report when it no longer is
    socket_.reset();
    step_.after(retry_full_backlog, [this, &address] { attempt(address); });
    return;
  }
  if (errno != EINPROGRESS && errno != EINTR) return give_up_address(errno);
  if (auto watched = loop_.watch(socket_.get(), *this); !watched) return finish(std::move(watched).failure());
  // An address that never answers leaves time for those after it.
  const auto now = loop_.clock().now();
  const auto share = deadline_.left(now) / static_cast<base::Duration::rep>(addresses_.size() - next_ + 1);
  step_.after(std::min<base::Duration>(share, longest_per_address), [this] { give_up_address(ETIMEDOUT); });
}

void SocketConnector::give_up_address(int error) {
  drop_socket();
  step_.cancel();
  if (error == ECONNREFUSED) {
    last_failure_ = base::fail(ErrorCode::no_controller, "connection refused by " + target());
  } else if (error == ENOENT) {
    last_failure_ = base::fail(ErrorCode::no_controller, "nobody listens at " + target());
  } else {
    last_failure_ = base::fail(ErrorCode::no_controller,
                               "cannot connect to " + target() + ": " + std::generic_category().message(error));
  }
  try_next();
}

void SocketConnector::on_ready(Ready) {
  if (tls_) return go_on_with_tls();
  check_connected();
}

// A socket may connect to itself when nobody listens at a port the system also gives to clients.
bool is_connected_to_itself(int fd) {
  SocketAddress here, there;
  here.length = there.length = sizeof here.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&here.storage), &here.length);
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&there.storage), &there.length);
  return here.family() != AF_UNIX && here.length == there.length &&
         std::memcmp(&here.storage, &there.storage, here.length) == 0;
}

void SocketConnector::check_connected() {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return give_up_address(error);
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) != 0) {
    if (errno != ENOTCONN) give_up_address(errno);
    return;  // still on its way
  }
  if (is_connected_to_itself(socket_.get())) return give_up_address(ECONNREFUSED);
  connected();
}

void SocketConnector::connected() {
  step_.cancel();
  loop_.forget(socket_.get());
  auto stream = std::make_unique<FdStream>(std::move(socket_));
  if (!context_) return finish(std::unique_ptr<Stream>(std::move(stream)));
  const bool named = endpoint_.kind == Endpoint::Kind::tcp && !endpoint_.host.empty();
  auto tls = TlsStream::join(context_, std::move(stream), named ? endpoint_.host : "localhost");
  if (!tls) return finish(std::move(tls).failure());
  tls_ = std::move(tls).value();
  if (auto watched = tls_->watch(loop_, *this); !watched) return finish(std::move(watched).failure());
  go_on_with_tls();
}

void SocketConnector::go_on_with_tls() {
  const IoStatus status = tls_->handshake();
  if (status == IoStatus::would_block) return;
  if (status != IoStatus::ok) {
    const base::Failure why = tls_->failure();
    return fail(why.code, target() + ": " + why.message);
  }
  tls_->unwatch();
  finish(std::unique_ptr<Stream>(std::move(tls_)));
}

void SocketConnector::drop_socket() {
  if (!socket_) return;
  loop_.forget(socket_.get());
  socket_.reset();
}

// `done` may destroy this connector, or use it again: so it is the last thing done.
void SocketConnector::finish(base::Result<std::unique_ptr<Stream>> result) {
  const Done done = std::move(done_);
  cancel();
  done(std::move(result));
}

}  // namespace

std::unique_ptr<Connector> make_connector(Loop& loop, Endpoint endpoint, std::shared_ptr<const TlsContext> tls) {
  return std::make_unique<SocketConnector>(loop, std::move(endpoint), std::move(tls));
}

}  // namespace daffi::net
