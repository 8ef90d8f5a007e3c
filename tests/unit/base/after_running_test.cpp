/// @file  No failure says "certainly not run" once something has.
#include "base/after_running.hpp"

#include <gtest/gtest.h>

#include "base/error_table.hpp"

namespace daffi::base {
namespace {

TEST(AfterRunning, NoCodeSaysThatNothingHasRun) {
  for (const auto& row : error_rows()) {
    const auto failure = after_running(fail(row.code, "why"));
    EXPECT_TRUE(error_row(failure.code).may_have_run) << row.name;
    EXPECT_FALSE(error_row(failure.code).retryable) << row.name;
    EXPECT_EQ(failure.message, "why");
    if (row.may_have_run) {
      EXPECT_EQ(failure.code, row.code);
    }
  }
}

TEST(AfterRunning, TheClassOfALossStays) {
  EXPECT_EQ(after_running(fail(ErrorCode::remote_stopped_not_run, "")).code, ErrorCode::remote_stopped);
  EXPECT_EQ(after_running(fail(ErrorCode::draining, "")).code, ErrorCode::remote_stopped);
  EXPECT_EQ(after_running(fail(ErrorCode::no_controller, "")).code, ErrorCode::lost_controller);
}

}  // namespace
}  // namespace daffi::base
