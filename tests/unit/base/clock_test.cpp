/// @file  Tests of deadlines and of the fake clock.
#include "base/clock.hpp"

#include <gtest/gtest.h>

#include "base/fake_clock.hpp"

namespace daffi::base {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, ZeroAndNegativeHavePassed) {
  const FakeClock clock;
  EXPECT_TRUE(Deadline::in(clock, 0s).passed(clock.now()));
  EXPECT_TRUE(Deadline::in(clock, -5s).passed(clock.now()));
  EXPECT_TRUE(Deadline::in(clock, Duration::min()).passed(clock.now()));
  EXPECT_EQ(Deadline::in(clock, -5s).left(clock.now()), 0s);
}

TEST(Deadline, TooFarIsNever) {
  const FakeClock clock;
  EXPECT_TRUE(Deadline::in(clock, Duration::max()).is_never());
  EXPECT_EQ(Deadline::never().left(clock.now()), Duration::max());
  EXPECT_FALSE(Deadline::never().passed(clock.now()));
}

TEST(Deadline, PassesAtItsMomentAndNotBefore) {
  FakeClock clock;
  const Deadline deadline = Deadline::in(clock, 10s);
  clock.advance(10s - 1ns);
  EXPECT_FALSE(deadline.passed(clock.now()));
  EXPECT_EQ(deadline.left(clock.now()), 1ns);
  clock.advance(1ns);
  EXPECT_TRUE(deadline.passed(clock.now()));
}

TEST(Deadline, EarlierOfTwo) {
  const FakeClock clock;
  const Deadline soon = Deadline::in(clock, 1s);
  EXPECT_EQ(Deadline::earlier(soon, Deadline::never()).at, soon.at);
  EXPECT_EQ(Deadline::earlier(Deadline::never(), soon).at, soon.at);
}

TEST(FakeClock, ClocksMoveTogetherOrApart) {
  FakeClock clock;
  const SteadyTime now = clock.now();
  const WallTime wall = clock.wall();
  clock.advance(5s);
  EXPECT_EQ(clock.now(), now + 5s);
  EXPECT_EQ(clock.wall(), wall + 5s);
  clock.advance_wall(-1h);
  EXPECT_EQ(clock.now(), now + 5s);
  EXPECT_EQ(clock.wall(), wall + 5s - 1h);
}

TEST(Clock, SystemClockRuns) {
  const Clock& clock = Clock::system();
  const SteadyTime earlier = clock.now();
  EXPECT_LE(earlier, clock.now());
  EXPECT_GT(clock.wall().time_since_epoch(), 0s);
}

}  // namespace
}  // namespace daffi::base
