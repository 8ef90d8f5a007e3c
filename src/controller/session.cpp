/// @file  Reading in fair shares, writing once per round, and the times of a session.
#include "controller/session.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "session/registration.hpp"

namespace daffi::controller {
namespace {

// One session's share of a round: a flood from one must not hold up the others.
constexpr std::size_t kReadShare = 256 * 1024;
constexpr std::size_t kPieces = 64;

}  // namespace

Session::Session(net::Loop& loop, std::unique_ptr<net::Stream> stream, SessionHost& host,
                 const session::AdmissionRules& rules, const SessionLimits& limits, WarmSet& warm_set)
    : loop_(loop),
      stream_(std::move(stream)),
      host_(host),
      limits_(limits),
      warm_set_(warm_set),
      reader_(session::kMaxHandshakePayload),
      handshake_(std::make_unique<session::ServerHandshake>(rules, stream_->peer())),
      heartbeat_(limits.heartbeat, loop.clock().now()),
      heard_at_(loop.clock().now()),
      deadline_(heard_at_ + limits.handshake_timeout),
      timer_(loop) {}

Session::~Session() {
  if (warm_) warm_set_.remove(*this);
  loop_.undefer(*this);
  stream_->unwatch();
}

void Session::start() {
  arm();
  if (auto watched = stream_->watch(loop_, *this); !watched) {
    die(base::CloseReason::io_error, watched.failure().message);
  }
}

void Session::touch() {
  if (state_ == State::dead) return;
  if (out().bytes() > limits_.max_queued_bytes) [[unlikely]] {
    return die(base::CloseReason::slow_consumer, "more is queued for it than the limit");
  }
  if (std::exchange(flush_wanted_, true)) return;
  loop_.defer(*this);
}

void Session::on_ready(net::Ready ready) {
  ended_ = ended_ || ready.ended;
  if (ready.writable && (!queue_.empty() || blocked_since_)) flush();
  if (ready.readable) read();
}

void Session::run_deferred() {
  if (std::exchange(flush_wanted_, false)) flush();
  if (more_input_) read();
}

void Session::read() {
  more_input_ = false;
  std::size_t share = kReadShare;
  // Where less came than there was room for, nothing more is there, and what comes later is reported: unless the end
  // was reported already, or a layer in between keeps bytes back.
  const bool until_told = ended_ || peer().tls;
  for (bool more = true; more && state_ != State::dead;) {
    const base::MutableBytes space = reader_.space();
    const std::size_t room = std::min(space.size(), kReadShare);
    const net::IoResult got = stream_->read(space.first(room));
    if (got.status == net::IoStatus::would_block) break;
    if (got.status == net::IoStatus::closed) return die(base::CloseReason::peer_closed, "it closed the connection");
    if (got.status == net::IoStatus::failed) {
      return die(base::CloseReason::io_error, std::generic_category().message(got.error));
    }
    reader_.filled(got.bytes);
    if (share == kReadShare) {
      heard_at_ = loop_.clock().now();
      heartbeat_.heard(heard_at_);
    }
    if (!take_frames()) return;
    if (got.bytes >= share) {
      more_input_ = true;
      loop_.defer(*this);
      return;
    }
    share -= got.bytes;
    more = until_told || got.bytes == room;
  }
  warm_up();
}

void Session::warm_up() {
  if (std::exchange(warm_, true)) return;
  warm_set_.add(*this);
}

void Session::cool_down() {
  warm_ = false;
  reader_.release_if_empty();
  queue_.shrink();
}

// False when the session is dead.
bool Session::take_frames() {
  if (!preamble_taken_ && !take_preamble()) return state_ != State::dead;
  while (state_ != State::dead) {
    auto next = reader_.next();
    if (state_ == State::closing) {
      if (next.ok() && next->has_value()) continue;
      if (!next.ok()) reader_.skip(reader_.unparsed().size());
      return true;
    }
    if (!next) {
      if (state_ == State::handshaking) {
        close(base::CloseReason::protocol_error, next.failure().message);
      } else {
        host_.on_bad_bytes(*this, next.failure());
      }
      continue;
    }
    if (!next->has_value()) return true;
    if (state_ == State::handshaking) {
      on_handshake_frame(**next);
    } else {
      host_.on_frame(*this, **next);
    }
  }
  return false;
}

bool Session::take_preamble() {
  auto taken = handshake_->on_preamble(reader_);
  if (!taken) {
    // Who speaks another protocol would not understand an answer.
    if (taken.failure().code != ErrorCode::unsupported) {
      die(handshake_->close_reason(), taken.failure().message);
      return false;
    }
    preamble_taken_ = true;
    close(handshake_->close_reason(), taken.failure().message);
    return true;
  }
  preamble_taken_ = *taken;
  return *taken;
}

void Session::on_handshake_frame(const wire::Frame& frame) {
  if (frame.header.kind == wire::FrameKind::close) return die(base::CloseReason::goodbye, "it gave up the handshake");
  auto taken = handshake_->on_frame(frame, out());
  if (!taken) return close(handshake_->close_reason(), taken.failure().message);
  touch();
  if (handshake_->identified()) reader_.set_max_payload(wire::kMaxFramePayload);
  if (!*taken) return;
  state_ = State::waiting;
  host_.on_handshaken(*this);
}

void Session::flush() {
  if (state_ == State::dead) return;
  std::array<iovec, kPieces> pieces;
  while (!queue_.empty()) {
    const bool with_bulk = queue_.bulk_bytes() > 0 && state_ != State::closing && stream_->has_bulk_room();
    const std::size_t count = queue_.gather(pieces, with_bulk);
    if (count == 0) break;
    const net::IoResult put = stream_->write({pieces.data(), count});
    if (put.status == net::IoStatus::would_block) return blocked();
    if (put.status != net::IoStatus::ok) {
      return die(base::CloseReason::io_error, std::generic_category().message(put.error));
    }
    note_written({pieces.data(), count}, put.bytes);
    blocked_since_.reset();
  }
  const net::IoResult rest = stream_->flush();
  if (rest.status == net::IoStatus::failed) {
    return die(base::CloseReason::io_error, std::generic_category().message(rest.error));
  }
  // Behind a close frame nothing follows.
  const bool bulk_waits = !queue_.empty() && state_ != State::closing;
  if (rest.status == net::IoStatus::would_block || bulk_waits) return blocked();
  blocked_since_.reset();
  warm_up();
  host_.on_drained(*this);
}

// The peer takes nothing just now, or has enough unsent.
void Session::blocked() {
  if (!blocked_since_) blocked_since_ = loop_.clock().now();
  arm();
  if (out().empty()) host_.on_drained(*this);
}

void Session::note_written(std::span<const iovec> pieces, std::size_t count) {
  const std::size_t urgent = queue_.urgent_within(count);
  if (urgent == out().bytes()) {
    front_rest_ = 0;
  } else if (urgent > 0) {
    // The urgent pieces stand behind those of bulk that had begun.
    std::size_t before = queue_.begun_gathered();
    while (before > 0) {
      before -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    front_rest_ = rest_after(pieces, front_rest_, urgent);
  }
  queue_.consume(count);
}

void Session::close(base::CloseReason reason, std::string_view text) {
  if (state_ == State::closing || state_ == State::dead) return;
  reason_ = reason;
  why_ = text;
  state_ = State::closing;
  deadline_ = loop_.clock().now() + limits_.linger;
  claim_timer.reset();
  wire::append_message(out(), {}, wire::Close{reason, std::string(text)});
  arm();
  touch();
}

void Session::die(base::CloseReason reason, std::string why) {
  if (state_ == State::dead) return;
  if (state_ != State::closing) {
    reason_ = reason;
    why_ = std::move(why);
  }
  state_ = State::dead;
  claim_timer.reset();
  timer_.cancel();
  more_input_ = flush_wanted_ = false;
  stream_->unwatch();
  stream_->close();
  host_.on_dead(*this);
}

void Session::admit() {
  state_ = State::member;
  handshake_.reset();
  heartbeat_.heard(heard_at_ = loop_.clock().now());
  arm();
}

std::vector<UnsentFrame> Session::take_unsent_calls() {
  auto calls = unsent_calls(out(), front_rest_);
  queue_.clear();
  front_rest_ = 0;
  return calls;
}

base::SteadyTime Session::next_deadline() const {
  base::SteadyTime next = base::SteadyTime::max();
  if (state_ == State::handshaking || state_ == State::closing) next = deadline_;
  if (state_ == State::member) next = heartbeat_.next_check();
  if (blocked_since_) next = std::min(next, *blocked_since_ + limits_.slow_consumer_limit);
  return next;
}

// Deadlines mostly move away, so the timer is left alone unless one came nearer.
void Session::arm() {
  const base::SteadyTime next = next_deadline();
  if (next == base::SteadyTime::max()) return;
  if (timer_.pending() && armed_for_ <= next) return;
  armed_for_ = next;
  timer_.at(next, [this] { on_timer(); });
}

void Session::on_timer() {
  const base::SteadyTime now = loop_.clock().now();
  if (state_ == State::handshaking && now >= deadline_) {
    close(base::CloseReason::handshake_timeout, "the handshake took too long");
  } else if (state_ == State::closing && now >= deadline_) {
    return die(reason_, {});
  }
  if (blocked_since_ && now >= *blocked_since_ + limits_.slow_consumer_limit) {
    return die(base::CloseReason::slow_consumer, "it has read nothing for too long");
  }
  if (state_ == State::member) {
    switch (heartbeat_.check(now)) {
      case session::Heartbeat::Verdict::wait:
        break;
      case session::Heartbeat::Verdict::ping:
        out().append_frame({.kind = wire::FrameKind::ping, .epoch = limits_.epoch}, base::Bytes());
        touch();
        break;
      case session::Heartbeat::Verdict::lost:
        return die(base::CloseReason::heartbeat_lost, "it fell silent");
    }
  }
  arm();
}

}  // namespace daffi::controller
