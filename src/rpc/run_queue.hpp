/// @file  RunQueue: work that waits for a handler thread, and the account of who is running it.
#pragma once

#include <cstdint>

#include "base/annotations.hpp"
#include "rpc/engine.hpp"

namespace daffi::rpc {

/// First in, first out. A thread that takes work out of it is a *runner*: active as long as it makes progress. A runner
/// with a backlog keeps it to itself; one found stuck (its callback blocks) is set aside, and others take over.
/// Threads: any.
class RunQueue {
 public:
  RunQueue(std::size_t max_queued, std::size_t max_runners) : max_queued_(max_queued), max_runners_(max_runners) {}

  /// A thread that is running work. Lives on that thread's stack.
  struct Runner {
    bool active = false;  // under the queue's mutex, as the rest
    bool busy = false;    // has a piece in its hands
    Runner* next = nullptr;
    Runner* previous = nullptr;
  };

  enum class Put : std::uint8_t { refused, queued, queued_first };
  /// `queued_first`: nobody was there to run it, somebody must be woken.
  Put put(Work& work, bool always);
  /// The same for a list, in order; `rest` is what was refused of it.
  Put put_list(Work* first, Work*& rest);

  /// Becomes a runner if one is wanted: work waits, no active runner looks after it (or `forced`), and the limit of
  /// runners is not reached. `backlog`: more than one piece waits, the tick should watch this runner.
  bool begin(Runner& runner, bool forced, bool& backlog);
  /// The next piece; nullptr: none, and the runner has ended. A runner that was set aside and finds others active ends
  /// too.
  Work* take(Runner& runner, bool& last);

  /// A runner is about to wait inside its callback: others may take over at once. True when work waits for them.
  bool set_aside(Runner& runner);

  /// What the tick found.
  struct Verdict {
    bool backlog = false;    ///< work waits: keep ticking
    bool saturated = false;  ///< every runner there may be is stuck
    std::size_t takers = 0;  ///< how many threads should begin, forced
  };
  /// Judges the time since the last call: without progress all runners that hold a piece are set aside and more threads
  /// take over, each time twice as many; with progress and a backlog one more may help, as long as there are cores.
  Verdict judge(std::size_t cores);

  /// Takes everything out that waits, linked by Work::next.
  Work* take_all();
  /// The same, for discarding, and takes nothing in any more.
  Work* close();
  std::size_t queued() const;
  std::size_t running() const;

 private:
  bool accepts() const DAFFI_REQUIRES(mutex_);
  Put append(Work& work) DAFFI_REQUIRES(mutex_);
  void end(Runner& runner) DAFFI_REQUIRES(mutex_);
  Work* empty() DAFFI_REQUIRES(mutex_);

  const std::size_t max_queued_, max_runners_;
  mutable base::Mutex mutex_;
  Work* head_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  Work* tail_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  std::size_t queued_ DAFFI_GUARDED_BY(mutex_) = 0;
  Runner* runners_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  std::size_t running_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::size_t active_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::uint64_t finished_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::uint64_t judged_at_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::size_t escalation_ DAFFI_GUARDED_BY(mutex_) = 1;
  bool closed_ DAFFI_GUARDED_BY(mutex_) = false;
};

}  // namespace daffi::rpc
