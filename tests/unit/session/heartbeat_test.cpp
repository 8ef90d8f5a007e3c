/// @file  Heartbeat: what silence leads to.
#include "session/heartbeat.hpp"

#include <gtest/gtest.h>

namespace daffi::session {
namespace {

using namespace std::chrono_literals;
using Verdict = Heartbeat::Verdict;

const base::SteadyTime kStart{1h};

TEST(Heartbeat, LosesAPeerThatAnswersNothingForTheWholeLimit) {
  Heartbeat beat(15s, kStart);
  EXPECT_EQ(beat.next_check(), kStart + 5s);
  EXPECT_EQ(beat.check(kStart + 5s), Verdict::ping);
  EXPECT_EQ(beat.next_check(), kStart + 10s);
  EXPECT_EQ(beat.check(kStart + 10s), Verdict::ping);
  EXPECT_EQ(beat.check(kStart + 15s - 1ns), Verdict::wait);
  EXPECT_EQ(beat.check(kStart + 15s), Verdict::lost);
}

TEST(Heartbeat, NeverPingsAPeerThatKeepsTalking) {
  Heartbeat beat(15s, kStart);
  for (auto now = kStart; now < kStart + 1h; now += 4s) {
    EXPECT_EQ(beat.check(now), Verdict::wait);
    beat.heard(now);
  }
}

TEST(Heartbeat, ForgetsItsPingsWhenThePeerIsHeard) {
  Heartbeat beat(3s, kStart);
  EXPECT_EQ(beat.check(kStart + 1s), Verdict::ping);
  EXPECT_EQ(beat.check(kStart + 2s), Verdict::ping);
  beat.heard(kStart + 2900ms);
  EXPECT_EQ(beat.check(kStart + 3s), Verdict::wait);
  EXPECT_EQ(beat.next_check(), kStart + 3900ms);
}

TEST(Heartbeat, GivesThePeerAnotherThirdAfterSleepingItself) {
  Heartbeat beat(15s, kStart);
  EXPECT_EQ(beat.check(kStart + 10min), Verdict::ping) << "it was this process that heard nobody";
  EXPECT_EQ(beat.check(kStart + 10min + 4s), Verdict::wait);
  EXPECT_EQ(beat.check(kStart + 10min + 5s), Verdict::lost);
}

TEST(Heartbeat, TakesTheSmallestLimit) {
  Heartbeat beat(0s, kStart);
  EXPECT_GT(beat.next_check(), kStart);
}

}  // namespace
}  // namespace daffi::session
