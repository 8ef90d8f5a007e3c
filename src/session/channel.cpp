/// @file  Channel: the read role, the write role, and the end.
#include "session/channel.hpp"

#include <array>
#include <cstring>

namespace daffi::session {
namespace {

// Frames of one reader before it lets another thread go on: bounds how long a waiting caller reads for others.
constexpr int kMaxReads = 64;
// Corked bytes beyond this are written at once: one large write costs no more per byte.
constexpr std::size_t kCorkLimit = 64 * 1024;
constexpr std::size_t kMaxPieces = 64;

}  // namespace

Channel::Channel(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
                 std::shared_ptr<ChannelSink> sink, std::size_t max_queued)
    : stream_(std::move(stream)), sink_(std::move(sink)), max_queued_(max_queued), reader_(std::move(reader)) {}

void Channel::pump() {
  int expected = kFree;
  while (!role_.compare_exchange_strong(expected, kHeld, std::memory_order_seq_cst)) {
    // Somebody reads: ask for one more round, so that what woke this thread is certainly read.
    if (expected == kAgain) return;
    if (expected == kHeld && role_.compare_exchange_strong(expected, kAgain, std::memory_order_seq_cst)) return;
    expected = kFree;
  }
  End end;
  do {
    role_.store(kHeld, std::memory_order_seq_cst);
    if (!end.ended && !ended()) end = read_all();
    expected = kHeld;
  } while (!role_.compare_exchange_strong(expected, kFree, std::memory_order_seq_cst));
  sink_->after_read(*this);
  if (end.ended) this->end(end.reason, end.text);
}

Channel::End Channel::read_all() {
  End result = parse();
  bool drained = false;
  for (int reads = 0; !drained && !result.ended; ++reads) {
    if (reads == kMaxReads) {
      int held = kHeld;
      role_.compare_exchange_strong(held, kAgain, std::memory_order_seq_cst);
      return result;
    }
    result = read_some(drained);
  }
  return result;
}

Channel::End Channel::read_some(bool& drained) {
  const auto space = reader_->space();
  const net::IoResult got = stream_->read(space);
  switch (got.status) {
    case net::IoStatus::ok:
      received_.fetch_add(got.bytes, std::memory_order_relaxed);
      reader_->filled(got.bytes);
      // A short read has emptied the socket: what comes later is a new edge. TLS may hold more inside.
      drained = got.bytes < space.size() && !stream_->peer().tls;
      return parse();
    case net::IoStatus::would_block:
      drained = true;
      return {};
    case net::IoStatus::closed:
      return {true, base::CloseReason::peer_closed, "closed by the other side"};
    case net::IoStatus::failed:
      break;
  }
  return {true, base::CloseReason::io_error, std::strerror(got.error)};
}

Channel::End Channel::parse() {
  for (;;) {
    auto next = reader_->next();
    if (!next.ok()) return {true, base::CloseReason::protocol_error, next.failure().message};
    if (!next->has_value()) return {};
    sink_->on_frame(**next);
  }
}

bool Channel::send(base::Bytes frame, Urgency urgency, bool may_wait) {
  bool direct = false;
  bool writer = false;
  {
    base::Lock lock(mutex_);
    while (may_wait && !ended() && queue_.bytes() > max_queued_) room_.wait(lock);
    if (ended()) return false;
    writer = enqueue(frame, urgency, direct);
  }
  if (direct) write_direct(frame);
  if (writer) write_queued();
  return true;
}

// True when the calling thread has become the writer.
bool Channel::enqueue(base::Bytes frame, Urgency urgency, bool& direct) {
  if (!writing_ && urgency == Urgency::now && queue_.empty()) {
    direct = writing_ = true;
    return true;
  }
  queue_.append(frame);
  if (writing_) return false;
  if (urgency == Urgency::corked && queue_.bytes() < kCorkLimit) {
    corked_.store(true, std::memory_order_relaxed);
    return false;
  }
  writing_ = true;
  return true;
}

void Channel::flush() {
  {
    base::Lock lock(mutex_);
    if (writing_ || queue_.empty() || ended()) return;
    writing_ = true;
  }
  write_queued();
}

void Channel::write_direct(base::Bytes frame) {
  const iovec piece{const_cast<std::byte*>(frame.data()), frame.size()};
  const net::IoResult wrote = stream_->write({&piece, 1});
  const std::size_t done = wrote.status == net::IoStatus::ok ? wrote.bytes : 0;
  if (done < frame.size()) front_.append(frame.subspan(done));
  if (wrote.status == net::IoStatus::failed) took(wrote);
}

void Channel::took(net::IoResult result) {
  if (result.status != net::IoStatus::failed) return;
  stop_writing_ = true;
  // The reader sees the same failure, but perhaps much later: a peer that went away need not be waited for.
  end(base::CloseReason::io_error, std::strerror(result.error));
}

// Writes until nothing is queued, giving the role up, or until the socket is full, keeping it for on_writable().
void Channel::write_queued() {
  std::array<iovec, kMaxPieces> pieces;
  for (;;) {
    std::size_t count = front_.gather(pieces);
    const bool from_front = count != 0;
    if (!from_front) {
      base::Lock lock(mutex_);
      corked_.store(false, std::memory_order_relaxed);
      if (queue_.empty() && flush_stream()) {
        writing_ = false;
        room_.notify_all();
        return;
      }
      if (!queue_.empty()) count = queue_.gather(pieces);
    }
    if (stop_writing_ || ended()) return;
    if (count == 0) return park();
    const net::IoResult wrote = stream_->write({pieces.data(), count});
    if (wrote.status == net::IoStatus::failed) return took(wrote);
    if (wrote.status != net::IoStatus::ok) return park();
    if (from_front) {
      front_.consume(wrote.bytes);
    } else {
      base::Lock lock(mutex_);
      const bool was_full = queue_.bytes() > max_queued_;
      queue_.consume(wrote.bytes);
      if (was_full && queue_.bytes() <= max_queued_) room_.notify_all();
    }
  }
}

void Channel::park() {
  {
    base::Lock lock(mutex_);
    parked_ = true;
  }
  sink_->want_writable();
}

// True when nothing is held back inside the stream.
bool Channel::flush_stream() { return stream_->flush().status != net::IoStatus::would_block; }

void Channel::on_writable() {
  {
    base::Lock lock(mutex_);
    if (!parked_) return;
    parked_ = false;
  }
  write_queued();
}

void Channel::end(base::CloseReason reason, const std::string& text) {
  {
    base::Lock lock(mutex_);
    if (ended_.exchange(true, std::memory_order_acq_rel)) return;
    room_.notify_all();
  }
  stream_->close();
  sink_->on_end(shared_from_this(), reason, text);
}

void Channel::drain(base::Deadline deadline) {
  flush();
  base::Lock lock(mutex_);
  const auto drained = [this]() DAFFI_REQUIRES(mutex_) { return ended() || (!writing_ && queue_.empty()); };
  if (deadline.is_never()) {
    room_.wait(lock, drained);
  } else {
    room_.wait_until(lock, deadline.at, drained);
  }
}

}  // namespace daffi::session
