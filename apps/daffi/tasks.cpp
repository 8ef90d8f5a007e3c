/// @file  daffi tasks, daffi cancel.
#include <cstdio>

#include "daffi/commands.hpp"

namespace daffi_command {
namespace {

daffi::Value to_value(const daffi::ScheduledTaskInfo& task) {
  daffi::Value::Map map;
  map.emplace_back("uuid", task.uuid);
  map.emplace_back("func_name", task.func_name);
  map.emplace_back("condition", task.condition);
  if (task.condition == "period") {
    map.emplace_back("interval", std::chrono::duration<double>(task.interval.nanoseconds()).count());
  } else {
    map.emplace_back("number_of_active_tasks", static_cast<std::int64_t>(task.number_of_active_tasks));
  }
  map.emplace_back("scheduler", task.scheduler);
  map.emplace_back("runs", static_cast<std::int64_t>(task.runs));
  map.emplace_back("skipped", static_cast<std::int64_t>(task.skipped));
  return map;
}

void print_json(const std::vector<daffi::ScheduledTaskInfo>& tasks) {
  daffi::Value::List list;
  for (const auto& task : tasks) list.push_back(to_value(task));
  std::printf("%s\n", daffi::Value(std::move(list)).to_json(2).c_str());
}

std::string when(const daffi::ScheduledTaskInfo& task) {
  if (task.condition != "period") return std::to_string(task.number_of_active_tasks) + " to come";
  char text[40];
  std::snprintf(text, sizeof text, "every %.10g s", std::chrono::duration<double>(task.interval.nanoseconds()).count());
  return text;
}

void print_text(const std::vector<daffi::ScheduledTaskInfo>& tasks) {
  const bool colour = colours();
  const char* bold = colour ? "\033[1m" : "";
  const char* plain = colour ? "\033[0m" : "";
  if (tasks.empty()) std::printf("no tasks\n");
  for (const auto& task : tasks) {
    std::printf("%s  %s%s%s  %s, by %s, %llu runs, %llu skipped\n", task.uuid.c_str(), bold, task.func_name.c_str(),
                plain, when(task).c_str(), task.scheduler.c_str(), static_cast<unsigned long long>(task.runs),
                static_cast<unsigned long long>(task.skipped));
  }
}

}  // namespace

int TasksCommand::run() const {
  return guarded([&] {
    daffi::Global g(address.observer(timeout));
    const auto tasks = g.get_scheduled_tasks(process);
    json ? print_json(tasks) : print_text(tasks);
    return kSuccess;
  });
}

int CancelCommand::run() const {
  return guarded([&] {
    daffi::Global g(address.observer(timeout));
    std::printf(g.cancel_scheduled_task_by_uuid(process, uuid) ? "cancelled\n" : "had ended already\n");
    return kSuccess;
  });
}

}  // namespace daffi_command
