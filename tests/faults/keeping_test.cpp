/// @file  Case 10: scheduled tasks whose process is killed again and again, or whose disk is full. What was promised is
/// kept.
#include <daffi/daffi.hpp>

#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "faults/field.hpp"
#include "faults/ledger.hpp"
#include "faults/small_disk.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

struct Keeping : Field {
  Keeping() : Keeping(std::filesystem::path()) {}
  explicit Keeping(const std::filesystem::path& state) : files_(state.empty() ? folder() / "state" : state) {
    start_controller({"--grace", "0.5"});
    start_keeper();
    GlobalOptions options;
    options.process_name = "planner";
    options.unix_sock_path = folder();
    options.grace = 0.5;
    planner_.emplace(options);
    planner_->wait_function("serving", 30);
  }
  void start_keeper() { start_callee("keeper", {"--state", files_, "--grace", "0.5"}); }
  ScheduledTask schedule_for_later() {
    return planner_->call("mirror", std::string("never"), std::string(8000, 'x')) &
           PERIOD{.at_time = system_clock::now() + 5h};
  }
  // Schedules for later until it is refused, and adds what is not.
  Error schedule_until_refused(std::set<std::string>& kept) {
    while (kept.size() < 200) {
      try {
        kept.insert(schedule_for_later().uuid());
      } catch (const Error& error) {
        return error;
      }
    }
    throw std::logic_error("there is always room for one more");
  }
  static void expect_refused_by_name(const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::system);
    EXPECT_FALSE(error.may_have_run());
    EXPECT_NE(error.message().find("keeper.schedules"), std::string::npos) << error.message();
  }
  void await_keeper() {
    planner_->wait_function("serving", 30);
    wait_until_registered(*planner_, "keeper", "serving");
  }
  std::set<std::string> tasks() {
    std::set<std::string> all;
    for (const auto& task : planner_->get_scheduled_tasks("keeper")) all.insert(task.uuid);
    return all;
  }

  const std::filesystem::path files_;
  std::optional<Global> planner_;
};

// Schedules without end: tasks for later, of which it cancels some again, and tasks for just now.
class Planner {
 public:
  Planner(Global& g, Ledger& ledger) : g_(g), ledger_(ledger), thread_([this] { run(); }) {}
  ~Planner() { stop(); }
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::size_t accepted() const { return accepted_; }

  // To be looked at once it has stopped.
  std::set<std::string> kept;       ///< acknowledged, for later
  std::set<std::string> cancelled;  ///< and so was that
  std::set<std::string> unknown;    ///< being cancelled when an error came
  std::size_t errors = 0;           ///< instead of a word about a new task

 private:
  void run() {
    for (int i = 0; !stopping_; ++i) {
      try {
        if (i % 2 == 0) {
          plan_soon("planner." + std::to_string(i));
        } else {
          plan_later(i % 3 == 0);
        }
        ++accepted_;
      } catch (const Error&) {
        ++errors;
        std::this_thread::yield();
      }
    }
  }
  void plan_soon(const std::string& id) {
    ledger_.sent(id, CallKind::unary, 0ms);
    // Nobody waits for it: whether it has run is in its process's ledger.
    ledger_.failed(id, static_cast<int>(ErrorCode::timeout), true);
    g_.call("work", id) & PERIOD{.at_time = system_clock::now() + 50ms};
  }
  void plan_later(bool to_be_cancelled) {
    const auto task = g_.call("work", std::string("never")) & PERIOD{.at_time = system_clock::now() + 5h};
    kept.insert(task.uuid());
    if (!to_be_cancelled) return;
    unknown.insert(task.uuid());
    EXPECT_TRUE(task.cancel());
    unknown.erase(task.uuid());
    cancelled.insert(task.uuid());
  }

  Global& g_;
  Ledger& ledger_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> accepted_{0};
  std::thread thread_;
};

TEST_F(Keeping, WhatWasAcknowledgedIsThereHoweverOftenItsProcessIsKilledAndNothingRunsTwice) {
  Ledger ledger(ledgers(), "planner");
  Planner planner(*planner_, ledger);
  const auto await_more = [&](std::size_t more) {
    const auto wanted = planner.accepted() + more;
    wait_until([&] { return planner.accepted() >= wanted; }, "nothing is accepted any more");
  };
  for (int round = 0; round < (soaking() ? 30 : 4); ++round) {
    await_more(20 + static_cast<std::size_t>(round) * 7);
    kill("keeper");
    start_keeper();
  }
  await_more(20);
  planner.stop();
  await_keeper();
  std::set<std::string> due;
  for (const auto& uuid : planner.kept) {
    if (!planner.cancelled.contains(uuid) && !planner.unknown.contains(uuid)) due.insert(uuid);
  }
  // Those for just now have come and gone; of those whose answer was lost nobody knows.
  wait_until([&] { return tasks().size() <= due.size() + planner.unknown.size() + planner.errors; },
             "moments that have come are still there");
  const auto found = tasks();
  for (const auto& uuid : due) EXPECT_TRUE(found.contains(uuid)) << uuid << " was acknowledged and is lost";
  for (const auto& uuid : planner.cancelled) EXPECT_FALSE(found.contains(uuid)) << uuid << " is back";
  EXPECT_GT(due.size(), 10u);
  EXPECT_GT(planner.cancelled.size(), 5u);
  planner_->stop();
  ledger.closed();
  EXPECT_GT(judge().executions, 10u);
}

TEST_F(Keeping, OnAFullDiskWhatCannotBeKeptIsRefusedByNameAndEverythingElseGoesOn) {
  start_caller("unary,batch");
  await_calls("caller", 100);
  std::set<std::string> kept{schedule_for_later().uuid()};
  const pid_t keeper = process("keeper").pid();
  rlimit whole{};
  ASSERT_EQ(::prlimit(keeper, RLIMIT_FSIZE, nullptr, &whole), 0);
  // No file of it may be larger: its ledger is not, by far.
  const rlimit small{512 << 10, whole.rlim_max};
  ASSERT_EQ(::prlimit(keeper, RLIMIT_FSIZE, &small, nullptr), 0);
  expect_refused_by_name(schedule_until_refused(kept));
  EXPECT_GT(kept.size(), 10u);
  EXPECT_EQ(tasks(), kept);
  await_calls("caller", 200);
  ASSERT_EQ(::prlimit(keeper, RLIMIT_FSIZE, &whole, nullptr), 0);
  kept.insert(schedule_for_later().uuid());
  finish();
  stop("caller");
  kill("keeper");
  start_keeper();
  await_keeper();
  EXPECT_EQ(tasks(), kept) << "what was refused is not there, and everything else is";
  planner_->stop();
  EXPECT_EQ(judge().failed, 0u);
}

// A disk that is full for everybody, where mounting one is permitted.
struct OwnDisk {
  OwnDisk() {
    if (obstacle_.empty()) disk_.emplace(state_, 512);
  }

  const TemporaryFolder place_;
  const std::filesystem::path state_ = place_.path() / "state";
  const std::string obstacle_ = SmallDisk::obstacle();
  std::optional<SmallDisk> disk_;
};

struct FullDisk : OwnDisk, Keeping {
  FullDisk() : Keeping(state_) {}
  void SetUp() override {
    if (!obstacle_.empty()) GTEST_SKIP() << obstacle_;
  }
};

TEST_F(FullDisk, RefusesWhatCannotBeKeptByNameAndPutsOffTheRunThatCannotBeNoted) {
  Ledger ledger(ledgers(), "planner");
  ledger.sent("planner.due", CallKind::unary, 0ms);
  ledger.failed("planner.due", static_cast<int>(ErrorCode::timeout), true);
  start_caller("unary", {"--pause-us", "10000"});
  std::set<std::string> kept{schedule_for_later().uuid()};
  const auto due = planner_->call("work", std::string("planner.due")) & PERIOD{.at_time = system_clock::now() + 2s};
  disk_->fill();
  expect_refused_by_name(schedule_until_refused(kept));
  const auto said = process("keeper").wait_for_error_line("cannot run");
  EXPECT_NE(said.find("keeper.schedules"), std::string::npos) << said;
  await_calls("caller", 100);
  EXPECT_TRUE(tasks().contains(due.uuid()));
  disk_->make_room();
  wait_until([&] { return tasks() == kept; }, "the run that was put off has not come");
  kept.insert(schedule_for_later().uuid());
  finish();
  stop("caller");
  kill("keeper");
  start_keeper();
  await_keeper();
  EXPECT_EQ(tasks(), kept);
  planner_->stop();
  ledger.closed();
  EXPECT_EQ(judge().failed, 1u) << "of the run that nobody waited for, nobody knows more";
}

TEST_F(FullDisk, WhenItsProcessIsStartedAgainHasWhatWasKept) {
  std::set<std::string> kept{schedule_for_later().uuid(), schedule_for_later().uuid()};
  kill("keeper");
  disk_->fill();
  start_keeper();
  await_keeper();
  EXPECT_EQ(tasks(), kept);
  expect_refused_by_name(schedule_until_refused(kept));
  planner_->stop();
  judge();
}

TEST_F(FullDisk, KeepsAProcessThatCannotMakeItsFileFromStartingAndTheErrorNamesTheFile) {
  disk_->fill();
  Process newcomer(program("party"), {"--serve", "yes", "--folder", folder(), "--name", "newcomer", "--state", state_,
                                      "--ledger", folder()});
  newcomer.wait_for_error_line("newcomer.schedules");
  EXPECT_NE(newcomer.wait_for_exit(), (Exit{0, 0}));
  planner_->stop();
  judge();
}

}  // namespace
}  // namespace daffi::tests
