/// @file  Link: attempts, handshakes, pauses.
#include "node/link.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/random.hpp"

namespace daffi::node {
namespace {

constexpr auto kAttemptLimit = std::chrono::seconds(5);
constexpr auto kFirstPause = std::chrono::milliseconds(20);
constexpr auto kLongestPause = std::chrono::milliseconds(1000);
// A connection that ends sooner is no better than an attempt that failed.
constexpr base::Duration kLasting = kLongestPause;
constexpr std::uint32_t kHandshakeLimit = 64 * 1024;

// Doubles with each attempt, with a jitter of half, so that a thousand nodes do not come back in one instant.
base::Duration pause_before(unsigned attempt) {
  const auto whole = std::min<base::Duration>(kFirstPause * (1u << std::min(attempt, 10u)), kLongestPause);
  const auto half = whole.count() / 2;
  return base::Duration(half + static_cast<base::Duration::rep>(base::random_u64() % static_cast<std::uint64_t>(half)));
}

bool is_final(ErrorCode code) {
  return code == ErrorCode::name_taken || code == ErrorCode::refused || code == ErrorCode::unsupported ||
         code == ErrorCode::not_permitted;
}

}  // namespace

Link::Link(net::Loop& loop, std::unique_ptr<net::Connector> connector, session::Presentation me,
           session::Secrets secrets, LinkOwner& owner)
    : loop_(loop),
      connector_(std::move(connector)),
      me_(std::move(me)),
      secrets_(std::move(secrets)),
      owner_(owner),
      timer_(loop) {}

Link::~Link() { stop(); }

void Link::start() { connect(); }

void Link::restart() {
  if (stopped_) return;
  if (loop_.clock().now() - established_at_ >= kLasting) attempts_ = 0;
  try_again();
}

void Link::stop() {
  stopped_ = true;
  timer_.cancel();
  connector_->cancel();
  drop();
}

void Link::connect() {
  ++attempts_;
  connector_->connect(base::Deadline::in(loop_.clock(), kAttemptLimit),
                      [this](base::Result<std::unique_ptr<net::Stream>> stream) {
                        if (!stream.ok()) return failed(stream.failure());
                        begin_handshake(std::move(*stream));
                      });
}

void Link::begin_handshake(std::unique_ptr<net::Stream> stream) {
  stream_ = std::move(stream);
  reader_ = std::make_unique<wire::FrameReader>(kHandshakeLimit);
  handshake_ = std::make_unique<session::ClientHandshake>(me_, secrets_, stream_->peer(),
                                                          [this] { return owner_.registrations(); });
  timer_.after(kAttemptLimit, [this] {
    failed(base::fail(ErrorCode::connect_timeout, connector_->target() + " did not finish the handshake in time"));
  });
  handshake_->start(out_);
  const auto watched = stream_->watch(loop_, *this);
  if (!watched.ok()) return failed(watched.failure());
  flush();
}

void Link::on_ready(net::Ready ready) {
  if (ready.writable) flush();
  if (ready.readable && stream_) read();
}

// A controller that does not take this node's certificate says so only now: in TLS 1.3 that is after the TLS handshake.
base::Failure Link::broken(int error) const {
  base::Failure why = stream_->failure();
  if (why.message.empty()) why = base::fail(ErrorCode::no_controller, std::strerror(error));
  why.message = connector_->target() + ": " + why.message;
  return why;
}

void Link::read() {
  while (stream_) {
    const auto got = stream_->read(reader_->space());
    if (got.status == net::IoStatus::would_block) return;
    if (got.status == net::IoStatus::closed) {
      return failed(
          base::fail(ErrorCode::no_controller, connector_->target() + " closed the connection during the handshake"));
    }
    if (got.status == net::IoStatus::failed) return failed(broken(got.error));
    reader_->filled(got.bytes);
    take_frames();
  }
}

void Link::take_frames() {
  while (stream_) {
    auto next = reader_->next();
    if (!next.ok()) {
      return failed(base::fail(ErrorCode::protocol,
                               connector_->target() + " is not a daffi controller: " + next.failure().message));
    }
    if (!next->has_value()) break;
    auto welcomed = handshake_->on_frame(**next, out_);
    if (!welcomed.ok()) return failed(welcomed.failure());
    // What it wrote must have left before the stream changes hands.
    if (*welcomed) return established();
  }
  flush();
}

void Link::flush() {
  std::array<iovec, 16> pieces;
  while (stream_ && !out_.empty()) {
    const auto wrote = stream_->write({pieces.data(), out_.gather(pieces)});
    if (wrote.status != net::IoStatus::ok) return;  // the reader meets the failure too
    out_.consume(wrote.bytes);
  }
  if (stream_) (void)stream_->flush();
}

void Link::established() {
  timer_.cancel();
  established_at_ = loop_.clock().now();
  stream_->unwatch();
  reader_->set_max_payload(wire::kMaxFramePayload);
  out_.clear();
  owner_.on_established(std::move(stream_), std::move(reader_), *handshake_);
}

void Link::failed(const base::Failure& failure) {
  const base::Failure why = failure;  // it may live in what is dropped now
  drop();
  timer_.cancel();
  if (stopped_) return;
  const bool final = is_final(why.code);
  if (!final) try_again();
  owner_.on_attempt_failed(why, final);
}

void Link::drop() {
  if (stream_) {
    stream_->unwatch();
    stream_->close();
  }
  stream_ = nullptr;
  out_.clear();
}

void Link::try_again() {
  timer_.after(pause_before(attempts_), [this] { connect(); });
}

}  // namespace daffi::node
