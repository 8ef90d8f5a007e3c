/// @file  Channel: the read role, the write role, and the end.
#include "session/channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace daffi::session {
namespace {

// Bytes that one reader takes before what they ask for is acted upon, and before it lets another thread go on: bounds
// how long a small call waits behind bulk, and a waiting caller reads for others.
constexpr std::size_t kReadShare = 256 * 1024;
// Corked bytes beyond this are written at once: what a write costs is spread over many frames by then, and the other
// side begins its work while this one goes on.
constexpr std::size_t kCorkLimit = 12 * 1024;
constexpr std::size_t kMaxPieces = 64;

}  // namespace

Channel::Channel(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
                 std::shared_ptr<ChannelSink> sink, std::size_t max_queued)
    : stream_(std::move(stream)), sink_(std::move(sink)), max_queued_(max_queued), reader_(std::move(reader)) {}

bool Channel::pump() {
  int expected = kFree;
  while (!role_.compare_exchange_strong(expected, kHeld, std::memory_order_seq_cst)) {
    // Somebody reads: ask for one more round, so that what woke this thread is certainly read.
    if (expected == kAgain) return false;
    if (expected == kHeld && role_.compare_exchange_strong(expected, kAgain, std::memory_order_seq_cst)) return false;
    expected = kFree;
  }
  End end;
  bool more = false;
  do {
    role_.store(kHeld, std::memory_order_seq_cst);
    more = false;
    if (!end.ended && !ended()) end = read_share(more);
    expected = kHeld;
  } while (!more && !role_.compare_exchange_strong(expected, kFree, std::memory_order_seq_cst));
  // Who asked for one more round gets it by our caller.
  if (more) role_.store(kFree, std::memory_order_seq_cst);
  sink_->after_read(*this);
  if (end.ended) this->end(end.reason, end.text);
  return more;
}

Channel::End Channel::read_share(bool& more) {
  End result = parse();
  bool drained = false;
  const std::uint64_t until = bytes_received() + kReadShare;
  while (!drained && !result.ended) {
    if (bytes_received() >= until) {
      more = true;
      break;
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
    // Behind its end nothing is handed on: whoever tells the loss has told what to do with what came before.
    if (ended()) {
      sink_->on_frames_end();
      return {true, base::CloseReason::io_error, {}};  // it has ended with another reason, which stays
    }
    if (next.ok() && next->has_value()) {
      sink_->on_frame(**next);
      continue;
    }
    sink_->on_frames_end();
    if (next.ok()) return {};
    return {true, base::CloseReason::protocol_error, next.failure().message};
  }
}

std::size_t Channel::queued(bool bulk) const { return bulk ? queue_.bulk_bytes() : queue_.urgent().bytes(); }

inline bool Channel::wait_for_room(base::Lock& lock, bool bulk, bool may_wait, base::Deadline until) {
  if (!may_wait || ended() || queued(bulk) <= max_queued_) [[likely]]
    return !ended();
  return sleep_for_room(lock, bulk, until);
}

bool Channel::send(base::Bytes frame, Urgency urgency, bool may_wait, base::Deadline until) {
  const bool bulk = wire::is_bulk(wire::decode_header(frame.first<wire::kHeaderSize>()).kind);
  bool direct = false;
  bool writer = false;
  {
    base::Lock lock(mutex_);
    if (!wait_for_room(lock, bulk, may_wait, until)) return false;
    if (bulk) {
      queue_.append_bulk(0, frame);
      writer = !bulk_waits_ && become_writer(urgency);
    } else if (!writing_ && urgency == Urgency::now && queue_.urgent().empty() && !queue_.bulk_begun()) {
      direct = writer = writing_ = true;
    } else {
      queue_.urgent().append(frame);
      writer = become_writer(urgency);
    }
  }
  if (direct) write_direct(frame);
  if (writer) write_queued();
  return true;
}

bool Channel::send_bulk(base::Bytes head, const base::Slice& rest, Urgency urgency, bool may_wait) {
  bool writer = false;
  {
    base::Lock lock(mutex_);
    if (!wait_for_room(lock, true, may_wait)) return false;
    queue_.append_bulk(0, head, rest.owner, rest.bytes);
    writer = !bulk_waits_ && become_writer(urgency);
  }
  if (writer) write_queued();
  return true;
}

// False: the channel has ended, or there is no room in time.
bool Channel::sleep_for_room(base::Lock& lock, bool bulk, base::Deadline until) {
  bool in_time = true;
  ++waiting_;
  while (in_time && !ended() && queued(bulk) > max_queued_) {
    if (until.is_never()) {
      room_.wait(lock);
    } else {
      in_time = room_.wait_until(lock, until.at) == std::cv_status::no_timeout;
    }
  }
  --waiting_;
  return !ended() && queued(bulk) <= max_queued_;
}

void Channel::note_queued() {
  const bool crowded = queue_.urgent().bytes() > max_queued_ / 2;
  if (crowded != crowded_.load(std::memory_order_relaxed)) crowded_.store(crowded, std::memory_order_relaxed);
}

// After something was queued: true when the calling thread has become the writer.
bool Channel::become_writer(Urgency urgency) {
  note_queued();
  if (writing_) return false;
  if (urgency == Urgency::corked && queue_.bytes() < kCorkLimit) {
    if (!corked_.load(std::memory_order_relaxed)) corked_.store(true);
    return false;
  }
  writing_ = true;
  return true;
}

void Channel::flush() {
  // What is not corked is being written, or waits for the socket.
  if (!corked_.load()) return;
  {
    base::Lock lock(mutex_);
    if (writing_ || queue_.empty() || ended()) return;
    if (bulk_waits_ && queue_.urgent().empty()) return;
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

// Writes until nothing is queued, giving the role up, or until the socket is full, keeping it for on_writable(). With
// enough bulk unsent the role is free for what is urgent.
void Channel::write_queued() {
  std::array<iovec, kMaxPieces> pieces;
  for (;;) {
    std::size_t count = front_.gather(pieces);
    const bool from_front = count != 0;
    if (!from_front) {
      switch (next_pieces(pieces, count)) {
        case Next::nothing:
          return;
        case Next::wait_for_room:
          return sink_->want_writable();
        case Next::park:
          if (stop_writing_ || ended()) return;
          return park();
        case Next::write:
          break;
      }
    }
    net::IoResult result{net::IoStatus::failed, 0, ECONNABORTED};
    const bool over = stop_writing_ || ended();
    if (!over) result = stream_->write({pieces.data(), count});
    if (from_front) {
      front_.consume(result.bytes);
    } else {
      wrote(result.bytes);
    }
    if (over) return;
    if (result.status == net::IoStatus::failed) return took(result);
    if (result.status != net::IoStatus::ok) return park();
  }
}

Channel::Next Channel::next_pieces(std::span<iovec> pieces, std::size_t& count) {
  base::Lock lock(mutex_);
  if (corked_.load(std::memory_order_relaxed)) {
    corked_.store(false, std::memory_order_relaxed);
    uncorked_.store(uncorked() + 1, std::memory_order_relaxed);
  }
  count = 0;
  if (!queue_.empty()) count = queue_.gather(pieces, queue_.bulk_bytes() == 0 || stream_->has_bulk_room());
  in_write_ = count > 0;
  if (in_write_) return Next::write;
  if (!flush_stream()) return Next::park;
  writing_ = false;
  if (!queue_.empty()) {
    bulk_waits_ = true;
    return Next::wait_for_room;
  }
  if (waiting_ > 0) room_.notify_all();
  return Next::nothing;
}

void Channel::wrote(std::size_t bytes) {
  base::Lock lock(mutex_);
  queue_.consume(bytes);
  note_queued();
  in_write_ = false;
  // What nobody will write is not kept either.
  if (ended()) queue_.clear();
  const bool room = waiting_ > 0 && (queued(false) <= max_queued_ || queued(true) <= max_queued_);
  if (room || reclaiming_ > 0) room_.notify_all();
}

void Channel::copy_queued(const std::shared_ptr<const void>& owner) {
  base::Lock lock(mutex_);
  ++reclaiming_;
  while (in_write_) room_.wait(lock);
  --reclaiming_;
  queue_.copy_pieces_of(owner);
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
    const bool waited = std::exchange(bulk_waits_, false);
    if (parked_) {
      parked_ = false;
    } else if (!waited || writing_ || queue_.empty()) {
      return;
    } else {
      writing_ = true;
    }
  }
  write_queued();
}

void Channel::end(base::CloseReason reason, const std::string& text) {
  {
    base::Lock lock(mutex_);
    if (ended_.exchange(true, std::memory_order_acq_rel)) return;
    if (!in_write_) queue_.clear();
    room_.notify_all();
  }
  stream_->close();
  sink_->on_end(shared_from_this(), reason, text);
}

void Channel::await_reader() const {
  while (role_.load() != kFree) std::this_thread::yield();
}

void Channel::drain(base::Deadline deadline) {
  flush();
  base::Lock lock(mutex_);
  const auto drained = [this]() DAFFI_REQUIRES(mutex_) { return ended() || (!writing_ && queue_.empty()); };
  ++waiting_;
  if (deadline.is_never()) {
    room_.wait(lock, drained);
  } else {
    room_.wait_until(lock, deadline.at, drained);
  }
  --waiting_;
}

}  // namespace daffi::session
