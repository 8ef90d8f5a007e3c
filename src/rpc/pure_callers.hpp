/// @file  PureCallers: do the threads that make calls read all that comes by themselves, so that no other need be
/// woken?
#pragma once

#include <atomic>
#include <cstdint>

#include "base/annotations.hpp"

namespace daffi::rpc {

/// Judges, from tick to tick, by what has happened since the last one. A thread with many calls under way, that comes
/// back again and again to wait for the next result, reads whatever has come meanwhile. A handler thread that is woken
/// for each of these arrivals reads some of it a little earlier, and costs both of them more than that is worth.
/// Threads: any; a tick may overtake the one before.
class PureCallers {
 public:
  /// A thread that runs no callback is about to wait for its call.
  void note_wait() { waits_.fetch_add(1, std::memory_order_relaxed); }
  /// There is work for handler threads.
  void note_work() { worked_.store(true, std::memory_order_relaxed); }

  /// True: they do, and input may be left to them. `corking`: calls are made in quick succession. Anything else than
  /// calls and waiting speaks against it at once; silence, the second time.
  bool judge(bool corking) {
    const base::Lock lock(mutex_);
    const std::uint64_t waits = waits_.load(std::memory_order_relaxed);
    const bool waited = waits != judged_waits_;
    judged_waits_ = waits;
    const bool worked = worked_.exchange(false, std::memory_order_relaxed);
    const bool before = pure_;
    pure_ = !worked && (waited ? corking || before : before && !silent_);
    silent_ = !waited;
    return pure_;
  }

 private:
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<bool> worked_{false};
  base::Mutex mutex_;
  std::uint64_t judged_waits_ DAFFI_GUARDED_BY(mutex_) = 0;
  bool pure_ DAFFI_GUARDED_BY(mutex_) = false;
  bool silent_ DAFFI_GUARDED_BY(mutex_) = false;
};

}  // namespace daffi::rpc
