/// @file  Durations as modifiers and options take them.
#include "daffi/duration.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "daffi/error.hpp"

namespace {

using namespace std::chrono_literals;
using daffi::Duration;

TEST(Duration, RefusesNonsenseShowingIt) {
  try {
    Duration bad("5 parsecs");
    FAIL() << bad.nanoseconds().count();
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::invalid_modifier);
    EXPECT_NE(error.message().find("5 parsecs"), std::string::npos) << error.message();
  }
}

TEST(Duration, RefusesWhatDoesNotFit) {
  EXPECT_THROW((void)Duration(1e30), daffi::GlobalContextError);
  EXPECT_THROW((void)Duration(std::numeric_limits<double>::quiet_NaN()), daffi::GlobalContextError);
  EXPECT_THROW((void)Duration(std::chrono::hours::max()), daffi::GlobalContextError);
}

TEST(Duration, KeepsTheSignForItsUserToRefuse) {
  EXPECT_TRUE(Duration(-1).is_negative());
  EXPECT_TRUE(Duration(-5ms).is_negative());
}

TEST(Duration, TakesChronoSecondsAndText) {
  EXPECT_EQ(Duration(1500ms).nanoseconds(), 1500ms);
  EXPECT_EQ(Duration(0.25).nanoseconds(), 250ms);
  EXPECT_EQ(Duration(84).nanoseconds(), 84s);
  EXPECT_EQ(Duration("1m24s").nanoseconds(), 84s);
  EXPECT_EQ(Duration(std::string("1.2 minutes")).nanoseconds(), 72s);
  EXPECT_TRUE(Duration().is_zero());
}

}  // namespace
