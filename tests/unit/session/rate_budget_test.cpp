/// @file  Budgets that run out and come back.
#include "session/rate_budget.hpp"

#include <gtest/gtest.h>

namespace daffi::session {
namespace {

using namespace std::chrono_literals;

constexpr Rate kRate{.burst = 10, .per_second = 100};

TEST(RateBudget, HoldsItsBurstAndNoMore) {
  const base::SteadyTime now{1h};
  RateBudget budget(kRate, now);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.spend(now));
  EXPECT_FALSE(budget.spend(now));
  EXPECT_FALSE(budget.spend(now)) << "what is refused costs nothing, and gives nothing";
}

TEST(RateBudget, ComesBackWithTime) {
  base::SteadyTime now{1h};
  RateBudget budget(kRate, now);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.spend(now));
  now += 9ms;
  EXPECT_FALSE(budget.spend(now)) << "a tenth of ten milliseconds is missing";
  now += 11ms;
  EXPECT_TRUE(budget.spend(now));
  EXPECT_FALSE(budget.rested(now));
}

TEST(RateBudget, NeverHoldsMoreThanItsBurst) {
  base::SteadyTime now{1h};
  RateBudget budget(kRate, now);
  EXPECT_TRUE(budget.spend(now, 10));
  now += 24h * 365 * 100;
  EXPECT_TRUE(budget.rested(now));
  EXPECT_TRUE(budget.spend(now, 10));
  EXPECT_FALSE(budget.spend(now));
}

TEST(RateBudget, WhatCostsMoreThanIsThereTakesNothing) {
  const base::SteadyTime now{1h};
  RateBudget budget(kRate, now);
  EXPECT_FALSE(budget.spend(now, 11));
  EXPECT_TRUE(budget.spend(now, 10));
}

TEST(RateBudget, AClockThatStandsStillOrGoesBackGivesNothing) {
  const base::SteadyTime now{1h};
  RateBudget budget(kRate, now);
  EXPECT_TRUE(budget.spend(now, 10));
  EXPECT_FALSE(budget.spend(now - 1h));
}

}  // namespace
}  // namespace daffi::session
