/// @file  Schedules with a store: what comes back after a restart, what is run at most once, and a store that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rpc/schedules_world.hpp"

namespace daffi::rpc {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

class SchedulesRestart : public testing::Test {
 protected:
  SchedulesRestart() { EXPECT_TRUE(world.restart(0s).ok()); }
  SchedulesWorld world;
};

TEST_F(SchedulesRestart, IntervalsGoOnInTheirPhaseAndMissedOnesAreNone) {
  const auto uuid = world.every(10s);
  world.pass(12s);
  ASSERT_TRUE(world.restart(103s).ok());  // at 115 s
  EXPECT_EQ(world.entry(uuid).runs, 1u) << "it knows what it did";
  world.pass(4999ms);
  EXPECT_EQ(world.runs(), 0u);
  world.pass(1ms);
  EXPECT_EQ(world.runs(), 1u);
  world.pass(10s);
  EXPECT_EQ(world.runs(), 2u);
}

TEST_F(SchedulesRestart, MissedMomentsRunOnceAtTheStartTheOthersInTime) {
  world.after({1s, 10s, 20s, 300s});
  world.pass(2s);
  EXPECT_EQ(world.runs(), 1u);
  ASSERT_TRUE(world.restart(60s).ok());
  world.pass(0s);
  EXPECT_EQ(world.runs(), 2u) << "those of 10 and 20 s";
  world.pass(1h);
  EXPECT_EQ(world.runs(), 3u);
  EXPECT_THAT(world.disk.tasks, IsEmpty());
}

TEST_F(SchedulesRestart, WhatWasMissedWaitsForItsCallback) {
  world.after({10s});
  ASSERT_TRUE(world.restart(60s, false).ok());
  world.pass(1min);
  EXPECT_EQ(world.runs(), 0u);
  world.host->callbacks = {"f"};
  world.schedules->callbacks_changed();
  world.pass(0s);
  EXPECT_EQ(world.runs(), 1u);
}

TEST_F(SchedulesRestart, RunIsCommittedBeforeItBegins) {
  const auto uuid = world.after({1s, 2s});
  std::uint32_t on_disk = 0;
  world.host->on_run = [&] { on_disk = world.disk.tasks.at(uuid).progress.started; };
  world.pass(1s);
  ASSERT_EQ(world.runs(), 1u);
  EXPECT_EQ(on_disk, 1u);
  ASSERT_TRUE(world.restart(0s).ok());
  world.pass(0s);
  EXPECT_EQ(world.runs(), 0u) << "killed in the middle of it: at most once";
  world.pass(1s);
  EXPECT_EQ(world.runs(), 1u);
}

TEST_F(SchedulesRestart, CancelledAndEndedTasksStayKnown) {
  const auto cancelled = world.every(10s);
  const auto ended = world.after({1s});
  ASSERT_TRUE(*world.schedules->cancel(cancelled));
  world.pass(2s);
  ASSERT_TRUE(world.restart(1s).ok());
  EXPECT_FALSE(*world.schedules->cancel(cancelled));
  EXPECT_FALSE(*world.schedules->cancel(ended));
  EXPECT_FALSE(world.schedules->cancel("other").ok());
}

TEST_F(SchedulesRestart, TaskThatCannotBeStoredIsRefusedAndNotRun) {
  world.disk.trouble = "the file 'x' is full";
  const auto refused = world.add({"f", {}, 1'000'000'000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().code, ErrorCode::system);
  EXPECT_EQ(refused.failure().message, "the file 'x' is full");
  world.pass(10s);
  EXPECT_EQ(world.runs(), 0u);
  EXPECT_EQ(world.schedules->stats().tasks, 0u);
}

TEST_F(SchedulesRestart, TaskWhoseEndCannotBeStoredGoesOn) {
  const auto uuid = world.every(1s);
  world.disk.trouble = "the file 'x' is full";
  EXPECT_EQ(world.schedules->cancel(uuid).failure().code, ErrorCode::system);
  world.disk.trouble.clear();
  world.pass(1s);
  EXPECT_EQ(world.runs(), 1u);
}

TEST_F(SchedulesRestart, MomentThatCannotBeCommittedIsNotLostAndNotRunUntilItCan) {
  world.after({1s});
  world.disk.trouble = "the file 'x' is full";
  world.pass(30s);
  EXPECT_EQ(world.runs(), 0u);
  world.disk.trouble.clear();
  world.pass(10s);
  EXPECT_EQ(world.runs(), 1u);
  world.pass(1h);
  EXPECT_EQ(world.runs(), 1u);
}

TEST_F(SchedulesRestart, IntervalThatCannotBeCommittedIsSkipped) {
  const auto uuid = world.every(1s);
  world.disk.trouble = "the file 'x' is full";
  world.pass(3s);
  EXPECT_EQ(world.runs(), 0u);
  EXPECT_EQ(world.entry(uuid).skipped, 3u);
  world.disk.trouble.clear();
  world.pass(1s);
  EXPECT_EQ(world.runs(), 1u);
}

TEST_F(SchedulesRestart, StoreThatCannotBeReadStopsTheStart) {
  world.every(1s);
  world.disk.trouble = "damaged";
  const auto restored = world.restart(1s);
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.failure().message, "damaged");
}

TEST_F(SchedulesRestart, SchedulerKeepsItsIdentity) {
  const auto uuid = world.every(1s);
  const TaskRecord& record = world.disk.tasks.at(uuid).record;
  EXPECT_EQ(record.identity(), world.identity);
  ASSERT_TRUE(world.restart(1s).ok());
  world.pass(1s);
  EXPECT_EQ(world.host->runs.at(0).caller, "asker");
}

TEST_F(SchedulesRestart, TasksOfTheUnverifiedAreDroppedWhereVerifiedOnesAreWanted) {
  const auto kept = world.every(1s);
  world.identity = {};
  world.every(1s);
  world.limits.verified_schedulers = true;
  ASSERT_TRUE(world.restart(1s).ok());
  const auto page = world.schedules->list("");
  ASSERT_THAT(page.tasks, SizeIs(1));
  EXPECT_EQ(page.tasks[0].uuid, kept);
  EXPECT_THAT(world.disk.tasks, SizeIs(1));
}

}  // namespace
}  // namespace daffi::rpc
