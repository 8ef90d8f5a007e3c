/// @file  Schedules: the tasks that this process has accepted, and when each is due.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/annotations.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "rpc/local_call.hpp"
#include "rpc/schedule_messages.hpp"
#include "rpc/schedule_store.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {

/// What the schedules need of their process. Threads: any.
class ScheduleHost {
 public:
  virtual ~ScheduleHost() = default;
  virtual bool has_callback(const std::string& name) const = 0;
  /// Runs `task` on a handler thread; the process does not stop in order before what it was given is destroyed.
  virtual void post(std::function<void(std::shared_ptr<void> busy)> task) = 0;
  /// As Server::run_local.
  virtual bool run(LocalCall call, LocalDone done) = 0;
  /// Requests the stop on a handler thread, for sure: whoever waits for it is user code.
  virtual void request_stop(std::stop_source stop) = 0;
};

/// Bounds. Value.
struct ScheduleLimits {
  std::size_t tasks = 10'000;
  std::size_t bytes = 64 << 20;      ///< of their arguments
  std::size_t ended = 10'000;        ///< ids remembered of tasks that are over
  std::size_t runs_of_one = 16;      ///< of one task with given moments, at once
  bool verified_schedulers = false;  ///< stored tasks of others are dropped at the start
};

/// Counters. Value.
struct ScheduleStats {
  std::size_t tasks = 0;  ///< now
  std::uint64_t runs = 0, skipped = 0;
};

/// An interval counts from when the task was accepted, on the steady clock, and keeps its phase: a run that is due
/// while the one before still goes on, or while the callback is not registered, is skipped and counted; those missed by
/// a process that slept become one. A moment is a point on the wall clock, looked at once a second at least, so that a
/// clock that is set delays a run by no more: each is run once, late when it has to be, and waits for its callback.
/// With a store a run is committed as begun before it begins, on the handler thread that runs it. Threads: any; add()
/// and cancel() block on the disk when there is a store.
class Schedules : public std::enable_shared_from_this<Schedules> {
 public:
  Schedules(net::Loop& loop, std::shared_ptr<ScheduleHost> host, ScheduleLimits limits);

  /// Takes in what the store holds, and keeps it from now on; before the first task is accepted. Without a store the
  /// tasks end with the process.
  base::Result<void> restore(std::unique_ptr<ScheduleStore> store);
  /// Accepts a task. Failure: busy (too many), draining, system (the store cannot take it).
  base::Result<std::string> add(const ReceivedRequest& request, const Caller& scheduler);
  /// False: it has ended already. Failure: remote_error (there never was one), system.
  base::Result<bool> cancel(const std::string& uuid);
  TaskPage list(const std::string& after) const;
  /// A callback was registered: what has waited for it is looked at again.
  void callbacks_changed();
  /// From now on no run begins and no task is accepted.
  void hold();
  /// hold(), and runs that go on are told to stop. Strand: the loop's thread.
  void stop();
  ScheduleStats stats() const;

 private:
  struct Task;
  using TaskRef = std::shared_ptr<Task>;
  struct Due {
    TaskRef task;
    std::uint32_t runs;
  };
  template <typename Time>
  using Queue = std::set<std::pair<Time, Task*>>;

  void wake();
  void look();
  void arm(base::SteadyTime now, base::WallTime wall);
  std::vector<Due> take_due(base::SteadyTime now, base::WallTime wall) DAFFI_REQUIRES(mutex_);
  void take_interval(Task& task, base::SteadyTime now, std::vector<Due>& due) DAFFI_REQUIRES(mutex_);
  void take_moments(Task& task, base::WallTime wall, std::vector<Due>& due) DAFFI_REQUIRES(mutex_);
  void queue(Task& task) DAFFI_REQUIRES(mutex_);
  void unqueue(Task& task) DAFFI_REQUIRES(mutex_);
  void retire(Task& task) DAFFI_REQUIRES(mutex_);
  void remember_ended(const std::string& uuid) DAFFI_REQUIRES(mutex_);
  std::optional<base::Failure> reserve(std::size_t bytes) DAFFI_REQUIRES(mutex_);
  bool restore_one(ScheduleStore::Stored stored);
  void begin(const TaskRef& task, std::uint32_t runs, std::shared_ptr<void> busy);
  base::Result<void> commit(const Task& task, const TaskProgress& next, bool last);
  void run(const TaskRef& task, std::shared_ptr<void> busy);
  void ended(const TaskRef& task, const std::optional<base::Failure>& failure);

  net::Loop& loop_;
  const std::shared_ptr<ScheduleHost> host_;
  const ScheduleLimits limits_;
  std::unique_ptr<ScheduleStore> store_;  // set before there is anything to store
  std::stop_source stop_;
  net::Timer timer_;  // the loop's thread

  mutable base::Mutex mutex_;
  std::map<std::string, TaskRef> tasks_ DAFFI_GUARDED_BY(mutex_);  // by id
  std::size_t reserved_ DAFFI_GUARDED_BY(mutex_) = 0;              // being stored, not in tasks_ yet
  std::size_t bytes_ DAFFI_GUARDED_BY(mutex_) = 0;
  Queue<base::SteadyTime> by_steady_ DAFFI_GUARDED_BY(mutex_);  // intervals, and moments whose commit failed
  Queue<base::WallTime> by_wall_ DAFFI_GUARDED_BY(mutex_);      // moments
  std::set<Task*> waiting_ DAFFI_GUARDED_BY(mutex_);            // due, but something has to happen first
  std::deque<std::string> ended_order_ DAFFI_GUARDED_BY(mutex_);
  std::unordered_set<std::string> ended_ DAFFI_GUARDED_BY(mutex_);
  bool held_ DAFFI_GUARDED_BY(mutex_) = false;
  bool woken_ DAFFI_GUARDED_BY(mutex_) = false;  // look() is posted
  bool store_fails_ DAFFI_GUARDED_BY(mutex_) = false;
  std::uint64_t runs_ DAFFI_GUARDED_BY(mutex_) = 0, skipped_ DAFFI_GUARDED_BY(mutex_) = 0;
};

}  // namespace daffi::rpc
