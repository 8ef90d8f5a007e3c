/// @file  Schedules: accepting tasks, taking them back, showing them, and finding them again after a restart.
#include "rpc/schedules.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "rpc/schedule_task.hpp"

namespace daffi::rpc {
namespace {

constexpr std::size_t kUuidDigits = 32;

// What is left of the interval that is going on now, counted from its beginnings. Also with a clock that was set back.
base::Duration rest_of_interval(base::WallTime anchor, base::WallTime now, base::Duration interval) {
  const base::Duration into = (now - anchor) % interval;
  return interval - (into < base::Duration::zero() ? into + interval : into);
}

}  // namespace

Schedules::Schedules(net::Loop& loop, std::shared_ptr<ScheduleHost> host, ScheduleLimits limits)
    : loop_(loop), host_(std::move(host)), limits_(limits), timer_(loop) {}

base::Result<void> Schedules::restore(std::unique_ptr<ScheduleStore> store) {
  store_ = std::move(store);
  auto contents = store_->load();
  if (!contents.ok()) return std::move(contents).failure();
  std::size_t found = 0;
  for (auto& stored : contents->tasks) found += restore_one(std::move(stored)) ? 1 : 0;
  {
    base::Lock lock(mutex_);
    for (const std::string& uuid : contents->ended) remember_ended(uuid);
  }
  if (found > 0) base::log(LogLevel::info, "node", std::to_string(found) + " scheduled tasks go on");
  wake();
  return {};
}

// Whoever asked for it then might not be let in any more.
bool Schedules::restore_one(ScheduleStore::Stored stored) {
  if (limits_.verified_schedulers && stored.record.identity().kind == wire::Identity::Kind::none) {
    base::log(LogLevel::warning, "node",
              "scheduled task " + stored.record.uuid + " of '" + stored.record.callback + "' is dropped: '" +
                  stored.record.scheduler + "', who asked for it, was not verified, and that is needed now");
    if (auto ended = store_->end(stored.record.uuid); !ended.ok()) {
      base::log(LogLevel::error, "node", ended.failure().message);
    }
    return false;
  }
  const auto task = std::make_shared<Task>(std::move(stored.record));
  task->progress = stored.progress;
  if (task->periodic()) {
    const base::WallTime anchor{base::Duration(task->record.anchor)};
    task->due = loop_.clock().now() + rest_of_interval(anchor, loop_.clock().wall(), task->interval());
  }
  base::Lock lock(mutex_);
  bytes_ += task->arguments->size();
  tasks_.emplace(task->record.uuid, task);
  queue(*task);
  return true;
}

std::optional<base::Failure> Schedules::reserve(std::size_t bytes) {
  if (held_) return base::fail(ErrorCode::draining, "this process is stopping and takes no tasks");
  if (tasks_.size() + reserved_ >= limits_.tasks) {
    return base::fail(ErrorCode::busy, "too many scheduled tasks (" + std::to_string(limits_.tasks) + ")");
  }
  if (bytes_ + bytes > limits_.bytes) {
    return base::fail(ErrorCode::busy,
                      "the arguments of scheduled tasks have too many bytes (" + std::to_string(limits_.bytes) + ")");
  }
  ++reserved_;
  bytes_ += bytes;
  return std::nullopt;
}

base::Result<std::string> Schedules::add(const ReceivedRequest& received, const Caller& scheduler) {
  TaskRecord record;
  record.uuid = base::random_hex(kUuidDigits);
  record.callback = received.request.callback;
  record.at = received.request.at;
  std::ranges::sort(record.at);
  record.interval = received.request.interval;
  record.anchor = loop_.clock().wall().time_since_epoch().count();
  record.scheduler = scheduler.name;
  record.identity_kind = static_cast<std::uint8_t>(scheduler.identity.kind);
  record.identity_uid = scheduler.identity.uid;
  record.identity_text = scheduler.identity.text;
  record.identity_certificate = scheduler.identity.certificate;
  record.identity_role = scheduler.identity.role;
  record.arguments.assign(received.arguments.begin(), received.arguments.end());
  const auto accepted = loop_.clock().now();
  const std::size_t bytes = record.arguments.size();
  {
    base::Lock lock(mutex_);
    if (auto refusal = reserve(bytes)) return std::move(*refusal);
  }
  const auto stored = store_ ? store_->add(record) : base::Result<void>();
  const std::string uuid = record.uuid;
  {
    base::Lock lock(mutex_);
    --reserved_;
    if (!stored.ok()) {
      bytes_ -= bytes;
      return stored.failure();
    }
    const auto task = std::make_shared<Task>(std::move(record));
    task->due = accepted + task->interval();
    tasks_.emplace(uuid, task);
    queue(*task);
  }
  wake();
  return uuid;
}

base::Result<bool> Schedules::cancel(const std::string& uuid) {
  {
    base::Lock lock(mutex_);
    if (!tasks_.contains(uuid)) {
      if (ended_.contains(uuid)) return false;
      return base::fail(ErrorCode::remote_error, "no scheduled task has the uuid '" + uuid.substr(0, 100) + "'");
    }
  }
  if (store_) {
    auto stored = store_->end(uuid);
    if (!stored.ok()) return stored.failure();
  }
  base::Lock lock(mutex_);
  const auto at = tasks_.find(uuid);
  if (at == tasks_.end()) return false;
  retire(*TaskRef(at->second));
  return true;
}

TaskPage Schedules::list(const std::string& after) const {
  TaskPage page;
  base::Lock lock(mutex_);
  for (auto at = tasks_.upper_bound(after); at != tasks_.end(); ++at) {
    page.more = page.tasks.size() == kTasksPerPage;
    if (page.more) break;
    const Task& task = *at->second;
    page.tasks.push_back({task.record.uuid, task.record.callback, task.record.scheduler, task.record.interval,
                          task.remaining(), task.progress.runs, task.progress.skipped});
  }
  return page;
}

void Schedules::hold() {
  base::Lock lock(mutex_);
  held_ = true;
}

void Schedules::stop() {
  hold();
  timer_.cancel();
  host_->request_stop(stop_);
}

ScheduleStats Schedules::stats() const {
  base::Lock lock(mutex_);
  return {tasks_.size(), runs_, skipped_};
}

// The task may be gone when its last owner lets go: the caller has one.
void Schedules::retire(Task& task) {
  unqueue(task);
  task.over = true;
  bytes_ -= task.arguments->size();
  remember_ended(task.record.uuid);
  tasks_.erase(task.record.uuid);
}

void Schedules::remember_ended(const std::string& uuid) {
  if (!ended_.insert(uuid).second) return;
  ended_order_.push_back(uuid);
  if (ended_order_.size() <= limits_.ended) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

}  // namespace daffi::rpc
