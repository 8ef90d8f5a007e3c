/// @file  Schedules a function of another process, looks at its tasks, and ends them one by one.
/// Documentation: 2.15, 4.
#include <daffi/daffi.hpp>

#include <algorithm>
#include <thread>

#include "program.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  g.wait_function("ring_bell");
  const daffi::Fetch<void(int)> ring_bell{g, "ring_bell"};

  // Three moments are one task, which can be cancelled while some of them are still to come.
  const auto now = std::chrono::system_clock::now();
  ring_bell.call(daffi::PERIOD{.at_time = {now + 500ms, now + 1h, now + 2h}}, 1);
  ring_bell.call(daffi::PERIOD{.interval = "1h 30m"}, 12);
  // The same without a declared function.
  g.call("ring_bell", 3) & daffi::PERIOD{.at_time = now + 24h};
  std::this_thread::sleep_for(1500ms);

  auto tasks = g.get_scheduled_tasks("tower");
  std::ranges::sort(tasks, {}, [](const auto& task) { return task.condition + std::to_string(task.runs); });
  for (const auto& task : tasks) {
    if (task.condition == "at_time")
      say(task.func_name, ": ", task.number_of_active_tasks, " to come");
    else
      say(task.func_name, ": every ", std::chrono::duration<double>(task.interval.nanoseconds()).count(), " seconds");
    g.cancel_scheduled_task_by_uuid("tower", task.uuid);
  }
  say("left: ", g.get_scheduled_tasks("tower").size());

  try {
    ring_bell.call(daffi::PERIOD{.at_time = now}, 1);
  } catch (const daffi::InitializationError&) {
    say("the past cannot be scheduled");
  }
}
