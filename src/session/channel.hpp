/// @file  Channel: a node's established connection: any thread may read for all, any thread may send.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/annotations.hpp"
#include "base/close_reason.hpp"
#include "net/stream.hpp"
#include "wire/parser.hpp"
#include "wire/send_queue.hpp"

namespace daffi::session {

class Channel;

/// What a channel tells its owner.
class ChannelSink {
 public:
  /// One frame, in order. Called under the read role: no user code, no waking of others, no waiting.
  virtual void on_frame(const wire::Frame& frame) = 0;
  /// The frames since the last time are about to be overwritten: what is kept of them is kept now. Under the read role,
  /// as on_frame(); what is alike for many frames is cheaper done here, once for all.
  virtual void on_frames_end() {}
  /// The thread that read has given up the role: wake, queue and send what the frames asked for.
  virtual void after_read(Channel& channel) = 0;
  /// The connection has ended, for whatever reason; once. Any thread, no lock held.
  virtual void on_end(std::shared_ptr<Channel> channel, base::CloseReason reason, const std::string& text) = 0;
  /// The socket is full: on_writable() must be called once when it takes bytes again.
  virtual void want_writable() = 0;

  virtual ~ChannelSink() = default;
};

enum class Urgency : std::uint8_t {
  now,     ///< written before send() returns, unless another thread is writing
  corked,  ///< may wait for flush(), or until enough has gathered
};

/// Threads: any. Lifetime: shared by whoever uses it; the descriptor is closed with the last of them.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  /// `reader` may hold bytes that came behind the handshake; the first pump() hands them on.
  Channel(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
          std::shared_ptr<ChannelSink> sink, std::size_t max_queued);

  /// Reads what has come, for everybody; returns at once when another thread is reading (that one then reads once
  /// more). Never blocks. True: its share was used up and there may be more, so the caller pumps again, or makes sure
  /// that somebody else does.
  [[nodiscard]] bool pump();

  /// Sends a whole frame, or queues it. Bulk (item, end, chunk) waits behind all other frames. With `may_wait` it
  /// blocks while more than `max_queued` bytes of its class are queued, no longer than until `until`. False: the frame
  /// was not taken, because the channel has ended, or in that time there was no room.
  bool send(base::Bytes frame, Urgency urgency, bool may_wait, base::Deadline until = base::Deadline::never());
  /// The same for a bulk frame in two parts; the second is referred to until it is written, unless it is small.
  bool send_bulk(base::Bytes head, const base::Slice& rest, Urgency urgency, bool may_wait);
  /// Writes what is corked.
  void flush();
  bool has_corked() const { return corked_.load(); }
  /// So much is queued that send() may soon block.
  bool crowded() const { return crowded_.load(std::memory_order_relaxed); }
  /// How often corked frames have been written: two equal readings around has_corked() mean that some have waited
  /// since.
  std::uint64_t uncorked() const { return uncorked_.load(std::memory_order_relaxed); }
  void on_writable();

  /// Ends the channel: later sends fail, readers see the end. The reason is reported once, unless it ended before.
  void end(base::CloseReason reason, const std::string& text);
  /// After end(): blocks until the frame that is just being handed on, if there is one, has been. Not inside of it.
  void await_reader() const;
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  /// Copies what is queued of the memory that `owner` keeps, so that it is not referred to any more. Waits for a write
  /// that is under way, for no peer.
  void copy_queued(const std::shared_ptr<const void>& owner);
  /// Blocks until all that was accepted is written, the channel has ended, or the deadline passes.
  void drain(base::Deadline deadline);

  /// Grows with everything received: a heartbeat compares two readings.
  std::uint64_t bytes_received() const { return received_.load(std::memory_order_relaxed); }
  int fd() const { return stream_->fd(); }
  net::Stream& stream() { return *stream_; }

 private:
  enum Role : int { kFree, kHeld, kAgain };
  struct End {
    bool ended = false;
    base::CloseReason reason = base::CloseReason::io_error;
    std::string text;
  };

  End read_share(bool& more);
  End read_some(bool& drained);
  End parse();
  bool wait_for_room(base::Lock& lock, bool bulk, bool may_wait, base::Deadline until = base::Deadline::never())
      DAFFI_REQUIRES(mutex_);
  bool sleep_for_room(base::Lock& lock, bool bulk, base::Deadline until) DAFFI_REQUIRES(mutex_);
  std::size_t queued(bool bulk) const DAFFI_REQUIRES(mutex_);
  bool become_writer(Urgency urgency) DAFFI_REQUIRES(mutex_);
  enum class Next : std::uint8_t { write, park, wait_for_room, nothing };
  Next next_pieces(std::span<iovec> pieces, std::size_t& count);
  void wrote(std::size_t bytes);
  void note_queued() DAFFI_REQUIRES(mutex_);
  void write_direct(base::Bytes frame);
  void write_queued();
  void took(net::IoResult result);
  void park();
  bool flush_stream();

  const std::unique_ptr<net::Stream> stream_;
  const std::shared_ptr<ChannelSink> sink_;  // the node lets go of its channel when it ends, which opens this circle
  const std::size_t max_queued_;

  std::atomic<int> role_{kFree};
  const std::unique_ptr<wire::FrameReader> reader_;  // under the read role
  std::atomic<std::uint64_t> received_{0};

  base::Mutex mutex_;
  base::ConditionVariable room_;
  wire::SendQueue queue_ DAFFI_GUARDED_BY(mutex_);
  std::size_t waiting_ DAFFI_GUARDED_BY(mutex_) = 0;     // threads that wait for room, or in drain()
  std::size_t reclaiming_ DAFFI_GUARDED_BY(mutex_) = 0;  // threads in copy_queued()
  bool writing_ DAFFI_GUARDED_BY(mutex_) = false;        // the write role is held
  bool in_write_ DAFFI_GUARDED_BY(mutex_) = false;       // gathered pieces are being written
  bool parked_ DAFFI_GUARDED_BY(mutex_) = false;  // … by nobody just now: the socket is full, on_writable() goes on
  bool bulk_waits_ DAFFI_GUARDED_BY(mutex_) = false;  // for on_writable(), as enough is unsent; the role is free
  std::atomic<bool> corked_{false};                   // changed under the mutex, as the next
  std::atomic<std::uint64_t> uncorked_{0};
  std::atomic<bool> crowded_{false};  // changed under the mutex
  std::atomic<bool> ended_{false};
  wire::OutQueue front_;       // under the write role: the rest of a frame that was being written, goes before all
  bool stop_writing_ = false;  // under the write role
};

}  // namespace daffi::session
