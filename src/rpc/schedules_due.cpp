/// @file  Schedules: what is due, its commit, and its run.
#include <algorithm>

#include "base/log.hpp"
#include "rpc/schedule_task.hpp"

namespace daffi::rpc {
namespace {

// The wall clock may be set at any time, and nobody tells us.
constexpr auto kWallLook = std::chrono::seconds(1);
// A run that could not be committed is tried again after this.
constexpr auto kCommitAgain = std::chrono::seconds(10);
// Tasks begun in one go on the loop's thread, which has other things to do.
constexpr std::size_t kBatch = 64;

std::string describe(const TaskRecord& record) {
  return "scheduled task " + record.uuid + " of '" + record.callback + "', asked for by '" + record.scheduler + "'";
}

}  // namespace

// Where a task waits: an interval for its time; moments for theirs, or for another try.
void Schedules::queue(Task& task) {
  if (task.over || task.committing) return;
  if (task.periodic() || task.failed) {
    by_steady_.emplace(task.due, &task);
  } else if (task.remaining() > 0) {
    by_wall_.emplace(task.next_moment(), &task);
  }
}

void Schedules::unqueue(Task& task) {
  by_steady_.erase({task.due, &task});
  if (!task.periodic() && task.remaining() > 0) by_wall_.erase({task.next_moment(), &task});
  waiting_.erase(&task);
}

void Schedules::wake() {
  {
    base::Lock lock(mutex_);
    if (held_ || std::exchange(woken_, true)) return;
  }
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void Schedules::callbacks_changed() {
  {
    base::Lock lock(mutex_);
    for (Task* task : std::exchange(waiting_, {})) queue(*task);
  }
  wake();
}

// Strand: the loop's thread.
void Schedules::look() {
  const auto now = loop_.clock().now();
  const auto wall = loop_.clock().wall();
  std::vector<Due> due;
  {
    base::Lock lock(mutex_);
    woken_ = false;
    if (held_) return;
    due = take_due(now, wall);
  }
  arm(now, wall);
  for (Due& each : due) {
    host_->post([self = shared_from_this(), task = std::move(each.task), runs = each.runs](auto busy) {
      self->begin(task, runs, std::move(busy));
    });
  }
}

void Schedules::arm(base::SteadyTime now, base::WallTime wall) {
  auto next = base::SteadyTime::max();
  {
    base::Lock lock(mutex_);
    if (!by_steady_.empty()) next = by_steady_.begin()->first;
    if (!by_wall_.empty()) {
      const auto wait = std::min<base::Duration>(by_wall_.begin()->first - wall, kWallLook);
      next = std::min(next, now + std::max(wait, base::Duration::zero()));
    }
  }
  if (next == base::SteadyTime::max()) return timer_.cancel();
  timer_.at(next, [this] { look(); });
}

std::vector<Schedules::Due> Schedules::take_due(base::SteadyTime now, base::WallTime wall) {
  std::vector<Due> due;
  while (!by_steady_.empty() && by_steady_.begin()->first <= now && due.size() < kBatch) {
    Task& task = *by_steady_.begin()->second;
    by_steady_.erase(by_steady_.begin());
    if (task.periodic()) {
      take_interval(task, now, due);
    } else {
      task.failed = false;
      queue(task);
    }
  }
  while (!by_wall_.empty() && by_wall_.begin()->first <= wall && due.size() < kBatch) {
    Task& task = *by_wall_.begin()->second;
    by_wall_.erase(by_wall_.begin());
    take_moments(task, wall, due);
  }
  return due;
}

void Schedules::take_interval(Task& task, base::SteadyTime now, std::vector<Due>& due) {
  // One is due, and as many have passed unseen: the machine slept, or this thread did not come to it.
  const auto passed = static_cast<std::uint64_t>((now - task.due) / task.interval());
  task.due += task.interval() * static_cast<base::Duration::rep>(passed + 1);
  by_steady_.emplace(task.due, &task);
  const bool runs = task.running == 0 && !task.committing && host_->has_callback(task.record.callback);
  const std::uint64_t skipped = passed + (runs ? 0 : 1);
  task.progress.skipped += skipped;
  skipped_ += skipped;
  if (!runs) return;
  task.committing = true;
  due.push_back({tasks_.at(task.record.uuid), 1});
}

void Schedules::take_moments(Task& task, base::WallTime wall, std::vector<Due>& due) {
  const std::size_t room = limits_.runs_of_one - std::min(task.running, limits_.runs_of_one);
  if (room == 0 || !host_->has_callback(task.record.callback)) {
    waiting_.insert(&task);
    return;
  }
  const auto& at = task.record.at;
  const auto first = at.begin() + task.progress.started;
  const auto end = std::upper_bound(first, at.end(), wall.time_since_epoch().count());
  task.committing = true;
  due.push_back(
      {tasks_.at(task.record.uuid), static_cast<std::uint32_t>(std::min(static_cast<std::size_t>(end - first), room))});
}

base::Result<void> Schedules::commit(const Task& task, const TaskProgress& next, bool last) {
  if (!store_) return {};
  return last ? store_->end(task.record.uuid) : store_->set_progress(task.record.uuid, next);
}

// Strand: a handler thread. From the commit on the runs count as begun, whatever happens to them.
void Schedules::begin(const TaskRef& task, std::uint32_t runs, std::shared_ptr<void> busy) {
  TaskProgress next;
  bool last = false;
  {
    base::Lock lock(mutex_);
    if (held_ || task->over) {
      task->committing = false;
      return;
    }
    next = task->progress;
    next.runs += runs;
    if (!task->periodic()) next.started += runs;
    last = !task->periodic() && next.started == task->record.at.size();
  }
  const auto committed = commit(*task, next, last);
  bool go = committed.ok(), complain = false;
  {
    base::Lock lock(mutex_);
    task->committing = false;
    if (task->over) return;  // taken back meanwhile
    complain = !go && !std::exchange(store_fails_, true);
    if (go) {
      store_fails_ = false;
      task->progress.runs = next.runs;
      task->progress.started = next.started;
      task->running += runs;
      runs_ += runs;
      if (last) retire(*task);
    } else if (task->periodic()) {
      ++task->progress.skipped;
      ++skipped_;
    } else {
      task->failed = true;
      task->due = loop_.clock().now() + kCommitAgain;
    }
    if (!task->periodic()) queue(*task);
  }
  wake();
  if (complain) {
    base::log(LogLevel::error, "node", describe(task->record) + " cannot run: " + committed.failure().message);
  }
  if (!go) return;
  for (std::uint32_t i = 1; i < runs; ++i) {
    host_->post([self = shared_from_this(), task](auto own) { self->run(task, std::move(own)); });
  }
  run(task, std::move(busy));
}

// Strand: a handler thread.
void Schedules::run(const TaskRef& task, std::shared_ptr<void> busy) {
  // What an engine that stops has not come to, it hands out to be let go of.
  if (stop_.stop_requested()) return ended(task, base::fail(ErrorCode::stopped, "the process stopped before it began"));
  LocalCall call{task->record.callback,
                 task->arguments,
                 {0, task->record.scheduler, task->record.identity()},
                 stop_.get_token(),
                 std::move(busy)};
  const bool found = host_->run(std::move(call),
                                [self = shared_from_this(), task](const auto& failure) { self->ended(task, failure); });
  if (!found) ended(task, base::fail(ErrorCode::no_candidate, "it is not registered any more"));
}

void Schedules::ended(const TaskRef& task, const std::optional<base::Failure>& failure) {
  bool look_again = false;
  {
    base::Lock lock(mutex_);
    --task->running;
    look_again = waiting_.erase(task.get()) > 0;
    if (look_again) queue(*task);
  }
  if (look_again) wake();
  if (!failure) return;
  base::log(LogLevel::error, "node",
            describe(task->record) + " failed: " +
                (failure->remote ? failure->remote->type + ": " + failure->remote->message : failure->message));
}

}  // namespace daffi::rpc
