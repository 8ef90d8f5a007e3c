/// @file  Newcomer: looks at the first byte without taking it.
#include "net/newcomer.hpp"

#include <cerrno>

#include "base/log.hpp"
#include "net/socket_address.hpp"

namespace daffi::net {
namespace {

constexpr std::byte tls_handshake_record{0x16};

}  // namespace

Newcomer::Newcomer(Loop& loop, Descriptor socket, const ListenOptions& options, base::LogQuota& quota, Done done)
    : loop_(loop),
      context_(options.tls),
      time_limit_(options.tls_handshake_timeout),
      done_(std::move(done)),
      timer_(loop),
      quota_(quota),
      plain_(std::make_unique<FdStream>(std::move(socket))),
      host_(host_of(plain_->peer())) {}

Newcomer::~Newcomer() {
  if (plain_) plain_->unwatch();
  if (tls_) tls_->unwatch();
}

bool Newcomer::start() {
  if (!plain_->watch(loop_, *this)) return false;
  timer_.after(time_limit_, [this] {
    if (tls_) return refuse("the TLS handshake took too long");
    base::log(LogLevel::debug, "net", plain_->peer().address + ": said nothing, closed");
    finish(nullptr);
  });
  return true;
}

void Newcomer::on_ready(Ready ready) {
  if (tls_) return go_on_with_tls();
  if (ready.readable) sniff();
}

void Newcomer::sniff() {
  std::byte first{};
  const ssize_t count = ::recv(plain_->fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return finish(nullptr);
  if (first == tls_handshake_record) return begin_tls();
  plain_->unwatch();
  finish(std::move(plain_));
}

void Newcomer::begin_tls() {
  if (!context_) return refuse("began TLS, which is not configured here");
  const std::string address = plain_->peer().address;
  plain_->unwatch();
  auto tls = TlsStream::serve(context_, std::move(plain_));
  if (!tls) {
    if (quota_.take(loop_.clock().now())) {
      base::log(LogLevel::warning, "net", address + ": " + tls.failure().message + quota_.left_out());
    }
    return finish(nullptr);
  }
  tls_ = std::move(tls).value();
  if (!tls_->watch(loop_, *this)) return finish(nullptr);
  go_on_with_tls();
}

void Newcomer::go_on_with_tls() {
  const IoStatus status = tls_->handshake();
  if (status == IoStatus::would_block) return;
  if (status != IoStatus::ok) return refuse(tls_->failure().message);
  tls_->unwatch();
  finish(std::move(tls_));
}

void Newcomer::refuse(const std::string& why) {
  const Stream& stream = tls_ ? static_cast<const Stream&>(*tls_) : *plain_;
  if (quota_.take(loop_.clock().now())) {
    base::log(LogLevel::warning, "net", stream.peer().address + ": " + why + ", closed" + quota_.left_out());
  }
  finish(nullptr);
}

void Newcomer::finish(std::unique_ptr<Stream> stream) {
  const Done done = std::move(done_);
  done(std::move(stream));
}

}  // namespace daffi::net
