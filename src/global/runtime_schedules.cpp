/// @file  Runtime, scheduled tasks: asking a process for one, and about those it has.
#include <algorithm>
#include <ctime>

#include "base/duration_text.hpp"
#include "base/log.hpp"
#include "daffi/moments.hpp"
#include "daffi/scheduled_task.hpp"
#include "global/runtime.hpp"
#include "rpc/schedule_messages.hpp"

namespace daffi::global_ {
namespace {

// A process has a tenth of that.
constexpr std::size_t kMostTasks = 100'000;

// "2026-01-31T12:00:00.250Z"
std::string utc_text(base::Duration since_1970) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const auto count = static_cast<std::time_t>(seconds.count());
  std::tm fields{};
  char text[40];
  if (::gmtime_r(&count, &fields) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields) == 0)
    return std::to_string(seconds.count()) + " s";
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970 - seconds).count();
  std::string result = text;
  if (rest != 0) result += "." + std::to_string(1000 + rest).substr(1);
  return result + "Z";
}

[[noreturn]] void refuse(const std::string& what) {
  base::throw_failure(base::fail(ErrorCode::initialization, "PERIOD " + what));
}

std::string which(std::size_t index, std::size_t count) {
  return count == 1 ? std::string() : " number " + std::to_string(index + 1) + " of " + std::to_string(count) + ",";
}

void check(const detail::Times& times, base::WallTime now) {
  const auto& at = times.at;
  if (!at.empty() && times.interval.count() != 0) refuse("takes at_time or interval, and not both");
  if (at.empty() && times.interval.count() == 0) refuse("needs at_time or interval; an interval of zero is none");
  if (at.empty() && times.interval < rpc::kMinInterval) {
    refuse("takes an interval of at least " + base::format_duration(rpc::kMinInterval) + ", not " +
           base::format_duration(times.interval));
  }
  if (times.interval > rpc::kMaxInterval) refuse("takes an interval of at most a hundred years");
  if (at.size() > rpc::kMaxMoments) {
    refuse("takes at most " + std::to_string(rpc::kMaxMoments) + " moments in at_time, not " +
           std::to_string(at.size()));
  }
  const auto past = std::ranges::find_if(at, [&](auto moment) { return moment <= now.time_since_epoch(); });
  if (past == at.end()) return;
  refuse("takes moments in the future: at_time" + which(static_cast<std::size_t>(past - at.begin()), at.size()) + " " +
         utc_text(*past) + ", is not after " + utc_text(now.time_since_epoch()));
}

// A call of a system callback of one process.
detail::CallSpec system_spec(rpc::SystemCallback callback, const std::string& process, const char* name) {
  detail::CallSpec spec;
  spec.name = name;
  spec.receiver = process;
  spec.system = static_cast<std::uint32_t>(callback);
  return spec;
}

template <typename T>
T read_answer(const detail::Reply& reply, const char* what) {
  Reader reader(reply.bytes());
  T value{};
  if (!Codec<T>::read(reader, value) || !reader.expect_end()) {
    base::throw_failure(base::fail(ErrorCode::protocol, std::string(what) + " cannot be read: " + reader.error()));
  }
  return value;
}

ScheduledTaskInfo to_info(rpc::TaskEntry entry) {
  ScheduledTaskInfo info;
  info.uuid = std::move(entry.uuid);
  info.func_name = std::move(entry.callback);
  info.condition = entry.interval != 0 ? "period" : "at_time";
  info.number_of_active_tasks = entry.remaining;
  info.interval = std::chrono::nanoseconds(entry.interval);
  info.scheduler = std::move(entry.scheduler);
  info.runs = entry.runs;
  info.skipped = entry.skipped;
  return info;
}

}  // namespace

ScheduledTask Runtime::schedule(const detail::CallSpec& given, Writer& arguments) {
  check(*given.times, environment_->loop().clock().wall());
  rpc::ScheduleRequest request{given.name, {}, given.times->interval.count()};
  for (const auto moment : given.times->at) request.at.push_back(moment.count());
  Writer message(detail::kCallHeadroom);
  rpc::write_schedule_request(message, request, arguments.payload());
  detail::CallSpec spec = given;
  spec.system = static_cast<std::uint32_t>(rpc::SystemCallback::schedule);
  spec.system_at_holder = true;
  detail::Reply reply;
  call(spec, message, reply);
  auto accepted = read_answer<rpc::Scheduled>(reply, "the answer to PERIOD");
  return {weak_from_this(), std::move(accepted.process), given.name, std::move(accepted.uuid)};
}

bool Runtime::cancel_task(const std::string& process, const std::string& uuid) {
  Writer message(detail::kCallHeadroom);
  message.text(uuid);
  detail::Reply reply;
  call(system_spec(rpc::SystemCallback::cancel_schedule, process, "cancel_scheduled_task_by_uuid"), message, reply);
  return read_answer<bool>(reply, "the answer to cancel_scheduled_task_by_uuid");
}

std::vector<ScheduledTaskInfo> Runtime::tasks_of(const std::string& process) {
  const auto spec = system_spec(rpc::SystemCallback::list_schedules, process, "get_scheduled_tasks");
  std::vector<ScheduledTaskInfo> tasks;
  for (;;) {
    Writer message(detail::kCallHeadroom);
    message.text(tasks.empty() ? std::string() : tasks.back().uuid);
    detail::Reply reply;
    call(spec, message, reply);
    auto page = read_answer<rpc::TaskPage>(reply, "the list of scheduled tasks");
    for (auto& entry : page.tasks) {
      // Or a peer could have us ask for ever.
      if ((!tasks.empty() && entry.uuid <= tasks.back().uuid) || tasks.size() == kMostTasks) {
        base::throw_failure(base::fail(ErrorCode::protocol, "the list of scheduled tasks has no end"));
      }
      tasks.push_back(to_info(std::move(entry)));
    }
    if (!page.more || page.tasks.empty()) return tasks;
  }
}

}  // namespace daffi::global_

namespace daffi::inline v1 {

bool ScheduledTask::cancel() const {
  if (!valid()) {
    base::throw_failure(base::fail(ErrorCode::invalid_modifier, "this ScheduledTask is empty: no call has made it"));
  }
  return detail::lock_core(core_)->cancel_task(process_name_, uuid_);
}

std::chrono::nanoseconds Moment::from_seconds(long double seconds) {
  if (!(seconds > -9.2e9L && seconds < 9.2e9L)) {
    base::throw_failure(
        base::fail(ErrorCode::initialization, "at_time of PERIOD takes numbers of seconds since 1970, before 2261"));
  }
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(seconds * 1e9L));
}

std::vector<ScheduledTaskInfo> Global::get_scheduled_tasks(const std::string& process_name) const {
  return runtime_->tasks_of(process_name);
}

bool Global::cancel_scheduled_task_by_uuid(const std::string& process_name, const std::string& uuid) const {
  return runtime_->cancel_task(process_name, uuid);
}

}  // namespace daffi::inline v1
