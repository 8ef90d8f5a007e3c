/// @file  Scheduled tasks of real processes: killed, started again with the same state_dir, and stopped in order.
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>

#include "daffi/daffi.hpp"
#include "support/process.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

// A controller of its own, a worker "w" that keeps its tasks, and this process, which schedules.
class KeptSchedules : public ::testing::Test {
 protected:
  KeptSchedules() : controller_(daffi_command(), {"controller", "--unix-sock-path", folder()}) {
    controller_.wait_for_line("started");
    start_worker();
    GlobalOptions options;
    options.process_name = "planner";
    options.unix_sock_path = folder();
    options.connect_timeout = 30;
    global_ = std::make_unique<Global>(options);
    global_->wait_function("tick", 30);
  }

  void start_worker() {
    worker_ = std::make_unique<Process>(
        program("worker"), std::vector<std::string>{"--folder", folder(), "--name", "w", "--state", state()});
    worker_->wait_for_line("ready");
  }
  void kill_worker() {
    worker_->send(SIGKILL);
    worker_->wait_for_exit();
  }
  std::vector<ScheduledTaskInfo> tasks() {
    global_->wait_process("w", 30);
    return global_->get_scheduled_tasks("w");
  }
  std::string folder() const { return folder_.path().string(); }
  std::string state() const { return folder_.path() / "state"; }

  TemporaryFolder folder_;
  Process controller_;
  std::unique_ptr<Process> worker_;
  std::unique_ptr<Global> global_;
};

TEST_F(KeptSchedules, SurviveKillAndRunWhatWasMissed) {
  const auto now = std::chrono::system_clock::now();
  const auto every = global_->call("tick") & PERIOD{.interval = "200 ms"};
  const auto missed = global_->call("count") & PERIOD{.at_time = {now + 300ms, now + 1h}};
  worker_->wait_for_line("tick");
  kill_worker();
  // The wall clock of another process cannot be moved.
  while (std::chrono::system_clock::now() < now + 400ms) std::this_thread::yield();
  start_worker();
  worker_->wait_for_line("tick");
  worker_->wait_for_line("tick");
  const Fetch<int()> counted{*global_, "counted"};
  global_->wait_function("counted", 30);
  while (counted() == 0) std::this_thread::yield();
  EXPECT_EQ(counted(), 1);
  const auto kept = tasks();
  ASSERT_EQ(kept.size(), 2u);
  for (const auto& task : kept) {
    EXPECT_EQ(task.scheduler, "planner");
    EXPECT_EQ(task.number_of_active_tasks, task.uuid == missed.uuid() ? 1u : 0u);
  }
  EXPECT_TRUE(every.cancel());
  EXPECT_TRUE(missed.cancel());
  kill_worker();
  start_worker();
  EXPECT_TRUE(tasks().empty());
  EXPECT_FALSE(every.cancel()) << "it is known, and over";
}

TEST_F(KeptSchedules, RunThatWasKilledIsNotRunAgain) {
  const auto once = global_->call("hold") & PERIOD{.at_time = std::chrono::system_clock::now() + 200ms};
  worker_->wait_for_line("holding");
  kill_worker();
  start_worker();
  EXPECT_TRUE(tasks().empty());
  EXPECT_FALSE(once.cancel());
  // What is called now comes after anything that the start has begun.
  EXPECT_EQ(Fetch<std::string()>(*global_, "who")(), "w");
  for (const auto& line : worker_->lines()) EXPECT_NE(line, "holding");
}

TEST_F(KeptSchedules, FileCannotBeSharedWithASecondProcess) {
  Process second(program("worker"), {"--folder", folder() + "/other", "--name", "w", "--state", state()});
  EXPECT_NE(second.wait_for_error_line("in use by another process").find(state()), std::string::npos);
}

}  // namespace
}  // namespace daffi::tests
