/// @file  Memory streams: two queues under one mutex; readiness is told by posting to the watcher's loop.
#include "net/memory.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <deque>

#include "base/annotations.hpp"

namespace daffi::net {
namespace {

// Bytes on their way to one end. Taken from the front; the space is won back when the queue runs empty or half of it
// has been taken.
class ByteQueue {
 public:
  std::size_t size() const { return bytes_.size() - taken_; }
  void append(const iovec& part, std::size_t count) {
    const auto* from = static_cast<const std::byte*>(part.iov_base);
    bytes_.insert(bytes_.end(), from, from + count);
  }
  std::size_t take(base::MutableBytes into) {
    const std::size_t count = std::min(into.size(), size());
    if (count > 0) std::memcpy(into.data(), bytes_.data() + taken_, count);
    taken_ += count;
    if (taken_ * 2 >= bytes_.size()) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
    return count;
  }
  void clear() {
    bytes_.clear();
    taken_ = 0;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t taken_ = 0;
};

// Both directions of one connection. Threads: any.
class Channel final : public MemoryLink, public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  IoResult read(std::size_t end, base::MutableBytes into) {
    const base::Lock lock(mutex_);
    End& me = ends_[end];
    if (me.closed) return {IoStatus::failed, 0, ECONNABORTED};
    if (me.stalled && !cut_) return {IoStatus::would_block, 0, 0};
    if (const std::size_t count = me.incoming.take(into); count > 0) {
      if (ends_[1 - end].wants_room) report(1 - end, {.writable = true});
      return {IoStatus::ok, count, 0};
    }
    return {cut_ || ends_[1 - end].closed ? IoStatus::closed : IoStatus::would_block, 0, 0};
  }

  IoResult write(std::size_t end, std::span<const iovec> parts) {
    const base::Lock lock(mutex_);
    End& me = ends_[end];
    End& other = ends_[1 - end];
    if (me.closed) return {IoStatus::failed, 0, ECONNABORTED};
    if (cut_ || other.closed) return {IoStatus::failed, 0, EPIPE};
    std::size_t count = 0;
    bool all = true;
    for (const iovec& part : parts) {
      const std::size_t fits = std::min(part.iov_len, capacity_ - other.incoming.size());
      other.incoming.append(part, fits);
      count += fits;
      all = all && fits == part.iov_len;
    }
    me.wants_room = !all;
    if (count > 0 && !other.stalled) report(1 - end, {.readable = true});
    if (count == 0 && !all) return {IoStatus::would_block, 0, 0};
    return {IoStatus::ok, count, 0};
  }

  void close(std::size_t end) {
    const base::Lock lock(mutex_);
    if (std::exchange(ends_[end].closed, true)) return;
    ends_[end].incoming.clear();
    report(end, {.readable = true, .writable = true});
    if (!ends_[1 - end].stalled) report(1 - end, {.readable = true, .writable = true});
  }

  void watch(std::size_t end, Loop& loop, Watcher& watcher) {
    const base::Lock lock(mutex_);
    End& me = ends_[end];
    me.loop = &loop;
    me.watcher = &watcher;
    me.pending = {};
    ++me.watch_number;
    const End& other = ends_[1 - end];
    const bool over = cut_ || me.closed || (other.closed && !me.stalled);
    const bool readable = over || (me.incoming.size() > 0 && !me.stalled);
    const bool writable = over || other.incoming.size() < capacity_;
    if (readable || writable) report(end, {.readable = readable, .writable = writable});
  }

  void unwatch(std::size_t end) {
    const base::Lock lock(mutex_);
    ends_[end].watcher = nullptr;
    ends_[end].loop = nullptr;
    ++ends_[end].watch_number;
  }

  void cut() override {
    const base::Lock lock(mutex_);
    if (std::exchange(cut_, true)) return;
    for (std::size_t end = 0; end < 2; ++end) {
      if (ends_[end].stalled) ends_[end].incoming.clear();  // what had not arrived never will
      report(end, {.readable = true, .writable = true});
    }
  }

  void stall(bool a_to_b, bool b_to_a) override {
    const base::Lock lock(mutex_);
    set_stalled(1, a_to_b);
    set_stalled(0, b_to_a);
  }

  std::size_t in_flight() const override {
    const base::Lock lock(mutex_);
    return ends_[0].incoming.size() + ends_[1].incoming.size();
  }

 private:
  struct End {
    ByteQueue incoming;
    bool stalled = false;     ///< what travels to this end is kept back
    bool closed = false;      ///< by its own owner
    bool wants_room = false;  ///< its last write did not fit
    Loop* loop = nullptr;
    Watcher* watcher = nullptr;
    std::uint64_t watch_number = 0;  ///< a report posted under an earlier watch is void
    Ready pending;                   ///< posted, not yet told
  };

  void set_stalled(std::size_t end, bool stalled) DAFFI_REQUIRES(mutex_) {
    if (std::exchange(ends_[end].stalled, stalled) && !stalled) report(end, {.readable = true});
  }

  void report(std::size_t end, Ready ready) DAFFI_REQUIRES(mutex_) {
    End& me = ends_[end];
    if (me.watcher == nullptr) return;
    const bool posted = me.pending.readable || me.pending.writable;
    me.pending.readable |= ready.readable;
    me.pending.writable |= ready.writable;
    if (posted) return;
    me.loop->post([self = shared_from_this(), end, number = me.watch_number] { self->tell(end, number); });
  }

  void tell(std::size_t end, std::uint64_t watch_number) DAFFI_EXCLUDES(mutex_) {
    Watcher* watcher = nullptr;
    Ready ready;
    {
      const base::Lock lock(mutex_);
      if (ends_[end].watch_number != watch_number) return;
      watcher = ends_[end].watcher;
      ready = std::exchange(ends_[end].pending, Ready{});
      ready.ended = cut_ || ends_[end].closed || (ends_[1 - end].closed && !ends_[end].stalled);
    }
    // Unwatching happens on this same thread, so the watcher is still there.
    if (watcher != nullptr) watcher->on_ready(ready);
  }

  const std::size_t capacity_;
  mutable base::Mutex mutex_;
  End ends_[2] DAFFI_GUARDED_BY(mutex_);
  bool cut_ DAFFI_GUARDED_BY(mutex_) = false;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Channel> channel, std::size_t end) : channel_(std::move(channel)), end_(end) {
    peer_.address = "memory";
    peer_.same_host = true;
  }
  ~MemoryStream() override {
    channel_->unwatch(end_);
    channel_->close(end_);
  }
  IoResult read(base::MutableBytes into) override { return channel_->read(end_, into); }
  IoResult write(std::span<const iovec> parts) override { return channel_->write(end_, parts); }
  void close() override { channel_->close(end_); }
  base::Result<void> watch(Loop& loop, Watcher& watcher) override {
    channel_->watch(end_, loop, watcher);
    return {};
  }
  void unwatch() override { channel_->unwatch(end_); }
  int fd() const override { return -1; }
  const PeerInfo& peer() const override { return peer_; }

 private:
  const std::shared_ptr<Channel> channel_;
  const std::size_t end_;
  PeerInfo peer_;
};

}  // namespace

MemoryPair make_memory_pair(std::size_t capacity) {
  auto channel = std::make_shared<Channel>(capacity);
  return {std::make_unique<MemoryStream>(channel, 0), std::make_unique<MemoryStream>(channel, 1), channel};
}

}  // namespace daffi::net
