/// @file  Tests of Result.
#include "base/result.hpp"

#include <gtest/gtest.h>

namespace daffi::base {
namespace {

TEST(Result, HoldsTheFailureOrTheValue) {
  const Result<int> bad = fail(ErrorCode::busy, "full");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.failure().code, ErrorCode::busy);
  const Result<std::unique_ptr<int>> good = std::make_unique<int>(5);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(**good, 5);
}

TEST(Result, VoidIsSuccessUnlessItFailed) {
  EXPECT_TRUE(Result<void>().ok());
  const Result<void> bad = fail(ErrorCode::system, "no");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.failure().message, "no");
}

}  // namespace
}  // namespace daffi::base
