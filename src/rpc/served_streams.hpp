/// @file  ServedStreams: exchanges of items in which this process is the callee, from the arrival of the call on.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/annotations.hpp"
#include "base/clock.hpp"
#include "rpc/exchange_key.hpp"
#include "rpc/incoming_items.hpp"
#include "rpc/outgoing_items.hpp"

namespace daffi::rpc {

/// One of them. Items, credit and cancel may come before its call runs. Threads: any.
class ServedStream {
 public:
  ServedStream(base::Deadline deadline, std::shared_ptr<IncomingItems> items)
      : incoming(std::move(items)), deadline_(deadline) {}

  /// Its call runs in `callback` from here on. False: that one has been taken away, and the call may run elsewhere.
  bool enter(const CallbackEntry& callback);
  /// Of what enter() was called with. Who takes a callback away and looks here afterwards sees it, or enter() is false.
  bool runs_in(const CallbackEntry& callback) const;
  /// The call has run: its items go out here. Stopped at once if that was asked for meanwhile.
  void begin(const std::shared_ptr<OutgoingItems>& items);
  /// Nobody wants it any more: the producer is destroyed, items that wait are dropped. Not under the read role.
  void stop(Engine& engine);
  bool stopped() const { return stopped_.load(); }
  std::shared_ptr<OutgoingItems> outgoing() const;
  base::Deadline deadline() const { return deadline_; }

  const std::shared_ptr<IncomingItems> incoming;  ///< nullptr: the callee is the one that sends

 private:
  const base::Deadline deadline_;
  mutable base::Mutex mutex_;
  const CallbackEntry* callback_ DAFFI_GUARDED_BY(mutex_) = nullptr;  // only to be compared
  std::shared_ptr<OutgoingItems> outgoing_ DAFFI_GUARDED_BY(mutex_);
  std::atomic<bool> stopped_{false};  // written under mutex_; read once for each item
};

/// Threads: any. Bounded.
class ServedStreams {
 public:
  explicit ServedStreams(std::size_t limit) : limit_(limit) {}

  /// nullptr: there are too many, or there is one of that name already.
  /// `incoming`: of one that takes items.
  std::shared_ptr<ServedStream> open(std::uint32_t member, std::uint64_t id, base::Deadline deadline,
                                     std::shared_ptr<IncomingItems> incoming);
  void close(std::uint32_t member, std::uint64_t id);
  std::shared_ptr<ServedStream> find(std::uint32_t member, std::uint64_t id) const;
  std::vector<std::shared_ptr<ServedStream>> of(std::uint32_t member) const;
  /// Those whose calls run in it; what still waits for a thread is not among them.
  std::vector<ExchangeKey> of_callback(const CallbackEntry& callback) const;
  std::vector<std::shared_ptr<ServedStream>> all() const;
  /// Those out of time; `next` becomes the deadline of the rest, if it is earlier.
  std::vector<std::shared_ptr<ServedStream>> expired(base::SteadyTime now, base::Deadline& next) const;
  std::size_t size() const;

 private:
  template <typename Pick>
  std::vector<std::shared_ptr<ServedStream>> pick(Pick wanted) const;

  const std::size_t limit_;
  mutable base::Mutex mutex_;
  std::unordered_map<ExchangeKey, std::shared_ptr<ServedStream>, ExchangeKeyHash> streams_ DAFFI_GUARDED_BY(mutex_);
};

}  // namespace daffi::rpc
