/// @file  Schedules: when tasks run, what is skipped, what a clock that is set does, and how they are taken back.
#include "rpc/schedules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rpc/schedules_world.hpp"

namespace daffi::rpc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// When the runs so far began, counted from `start`.
std::vector<std::chrono::seconds> begun(const SchedulesWorld& world, base::WallTime start) {
  std::vector<std::chrono::seconds> times;
  for (const auto& run : world.host->runs) {
    times.push_back(std::chrono::duration_cast<std::chrono::seconds>(run.at - start));
  }
  return times;
}

TEST(Schedules, IntervalRunsFirstAfterOneIntervalThenInPhase) {
  SchedulesWorld world;
  const auto start = world.clock.wall();
  world.every(5s);
  world.pass(4999ms);
  EXPECT_EQ(world.runs(), 0u);
  world.pass(16s);
  EXPECT_THAT(begun(world, start), ElementsAre(5s, 10s, 15s, 20s));
  EXPECT_EQ(world.host->runs[0].caller, "asker");
  EXPECT_EQ(world.host->runs[0].arguments, "\x90\x80");
}

TEST(Schedules, SlowCallbackIsSkippedCountedAndDoesNotShiftThePhase) {
  SchedulesWorld world;
  const auto start = world.clock.wall();
  world.host->held = {"f"};
  const auto uuid = world.every(5s);
  world.pass(18s);  // begun at 5, due again at 10 and 15
  EXPECT_THAT(begun(world, start), ElementsAre(5s));
  EXPECT_EQ(world.entry(uuid).skipped, 2u);
  world.host->finish();
  world.pass(4s);
  EXPECT_THAT(begun(world, start), ElementsAre(5s, 20s));
  EXPECT_EQ(world.entry(uuid).runs, 2u);
  EXPECT_EQ(world.schedules->stats().skipped, 2u);
}

TEST(Schedules, ClockOfTheProcessThatStoodStillGivesOneRunNotMany) {
  SchedulesWorld world;
  const auto uuid = world.every(1s);
  world.clock.advance(100'500ms);  // nobody could look meanwhile
  world.pass(0s);
  EXPECT_EQ(world.runs(), 1u);
  EXPECT_EQ(world.entry(uuid).skipped, 99u);
  world.pass(499ms);
  EXPECT_EQ(world.runs(), 1u);
  world.pass(1ms);
  EXPECT_EQ(world.runs(), 2u) << "the phase is kept";
}

TEST(Schedules, IntervalsDoNotMindAWallClockThatIsSet) {
  SchedulesWorld world;
  world.every(10s);
  world.clock.advance_wall(1h);
  world.pass(10s);
  world.clock.advance_wall(-5h);
  world.pass(10s);
  EXPECT_EQ(world.runs(), 2u);
}

TEST(Schedules, MomentsRunOnceEachAndTheTaskEnds) {
  SchedulesWorld world;
  const auto start = world.clock.wall();
  const auto uuid = world.after({60s, 2s, 10s});
  EXPECT_EQ(world.entry(uuid).remaining, 3u);
  world.pass(3s);
  EXPECT_EQ(world.entry(uuid).remaining, 2u);
  world.pass(1h);
  EXPECT_THAT(begun(world, start), ElementsAre(2s, 10s, 60s));
  EXPECT_THAT(world.schedules->list("").tasks, IsEmpty());
  EXPECT_FALSE(*world.schedules->cancel(uuid));
}

TEST(Schedules, WallClockSetForwardLosesNoMoment) {
  SchedulesWorld world;
  world.after({30min, 45min, 3h});
  world.clock.advance_wall(1h);
  world.pass(1s);
  EXPECT_EQ(world.runs(), 2u) << "both that were jumped over";
  world.pass(1h);
  EXPECT_EQ(world.runs(), 2u);
  world.pass(1h);
  EXPECT_EQ(world.runs(), 3u);
}

TEST(Schedules, WallClockSetBackDoublesNoMoment) {
  SchedulesWorld world;
  world.after({10s, 30min});
  world.pass(11s);
  EXPECT_EQ(world.runs(), 1u);
  world.clock.advance_wall(-1h);
  world.pass(80min);
  EXPECT_EQ(world.runs(), 1u) << "neither the first again, nor the second too early";
  world.pass(10min);
  EXPECT_EQ(world.runs(), 2u);
  world.pass(5h);
  EXPECT_EQ(world.runs(), 2u);
}

TEST(Schedules, MomentDoesNotWaitForTheOneBefore) {
  SchedulesWorld world({.runs_of_one = 2});
  world.host->held = {"f"};
  world.after({1s, 2s, 3s});
  world.pass(5s);
  EXPECT_EQ(world.runs(), 2u) << "as many as may go on at once";
  world.host->finish();
  world.pass(1s);
  EXPECT_EQ(world.runs(), 3u);
}

TEST(Schedules, MomentWaitsForItsCallbackAnIntervalSkips) {
  SchedulesWorld world;
  world.host->callbacks.clear();
  const auto start = world.clock.wall();
  world.after({2s, 4s});
  const auto interval = world.every(3s);
  world.pass(7s);
  EXPECT_EQ(world.runs(), 0u);
  EXPECT_EQ(world.entry(interval).skipped, 2u);
  world.host->callbacks = {"f"};
  world.schedules->callbacks_changed();
  world.pass(0s);
  EXPECT_THAT(begun(world, start), ElementsAre(7s, 7s));
  world.pass(2s);
  EXPECT_THAT(begun(world, start), ElementsAre(7s, 7s, 9s));
}

TEST(Schedules, FailingRunLeavesTheTaskAlone) {
  SchedulesWorld world;
  world.host->failure = base::fail(ErrorCode::remote_error, "on purpose");
  const auto uuid = world.every(1s);
  world.pass(3s);
  EXPECT_EQ(world.entry(uuid).runs, 3u);
}

TEST(Schedules, CancelledTaskRunsNoMoreAndStaysKnown) {
  SchedulesWorld world;
  const auto uuid = world.every(5s);
  world.pass(6s);
  EXPECT_TRUE(*world.schedules->cancel(uuid));
  world.pass(1h);
  EXPECT_EQ(world.runs(), 1u);
  EXPECT_FALSE(*world.schedules->cancel(uuid));
  const auto unknown = world.schedules->cancel("nonsense");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.failure().code, ErrorCode::remote_error);
  EXPECT_THAT(unknown.failure().message, HasSubstr("'nonsense'"));
}

TEST(Schedules, TaskCancelledByItsOwnRunEnds) {
  SchedulesWorld world;
  std::string uuid;
  world.host->on_run = [&] { EXPECT_TRUE(*world.schedules->cancel(uuid)); };
  uuid = world.after({1s, 2s});
  world.pass(1h);
  EXPECT_EQ(world.runs(), 1u);
}

TEST(Schedules, RemembersOnlySoManyThatHaveEnded) {
  SchedulesWorld world({.ended = 2});
  std::vector<std::string> uuids;
  for (int i = 0; i < 3; ++i) {
    uuids.push_back(world.every(5s));
    EXPECT_TRUE(*world.schedules->cancel(uuids.back()));
  }
  EXPECT_FALSE(world.schedules->cancel(uuids[0]).ok());
  EXPECT_FALSE(*world.schedules->cancel(uuids[1]));
}

TEST(Schedules, TooManyAreRefusedUntilOneEnds) {
  SchedulesWorld world({.tasks = 2});
  const auto first = world.every(5s);
  world.every(5s);
  const auto third = world.add({"f", {}, 1'000'000'000});
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.failure().code, ErrorCode::busy);
  ASSERT_TRUE(world.schedules->cancel(first).ok());
  EXPECT_TRUE(world.add({"f", {}, 1'000'000'000}).ok());
}

TEST(Schedules, TooManyBytesAreRefused) {
  SchedulesWorld world({.bytes = 3});
  const auto first = world.every(5s);
  EXPECT_EQ(world.add({"f", {}, 1'000'000'000}).failure().code, ErrorCode::busy);
  ASSERT_TRUE(world.schedules->cancel(first).ok());
  EXPECT_TRUE(world.add({"f", {}, 1'000'000'000}).ok());
}

TEST(Schedules, ListGoesOnBehindTheLastOne) {
  SchedulesWorld world;
  for (std::size_t i = 0; i < kTasksPerPage + 5; ++i) world.every(1h);
  const auto page = world.schedules->list("");
  EXPECT_THAT(page.tasks, SizeIs(kTasksPerPage));
  EXPECT_TRUE(page.more);
  const auto rest = world.schedules->list(page.tasks.back().uuid);
  EXPECT_THAT(rest.tasks, SizeIs(5));
  EXPECT_FALSE(rest.more);
}

TEST(Schedules, ManyThatAreDueAtOnceAllRun) {
  SchedulesWorld world;
  for (int i = 0; i < 1000; ++i) world.every(10s);
  world.pass(10s);
  EXPECT_EQ(world.runs(), 1000u);
}

TEST(Schedules, DrainingProcessBeginsNothing) {
  SchedulesWorld world;
  world.every(1s);
  world.after({1s});
  world.schedules->hold();
  world.pass(1min);
  EXPECT_EQ(world.runs(), 0u);
  EXPECT_EQ(world.add({"f", {}, 1'000'000'000}).failure().code, ErrorCode::draining);
}

TEST(Schedules, StoppingTellsRunsThatGoOn) {
  SchedulesWorld world;
  world.host->held = {"f"};
  world.every(1s);
  world.pass(1s);
  ASSERT_FALSE(world.host->stop.stop_requested());
  world.schedules->stop();
  world.pass(0s);
  EXPECT_TRUE(world.host->stop.stop_requested());
}

}  // namespace
}  // namespace daffi::rpc
