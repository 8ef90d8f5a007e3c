/// @file  Tests of the close reason table.
#include "base/close_reason.hpp"

#include <gtest/gtest.h>

namespace daffi::base {
namespace {

TEST(CloseReason, NumberOutsideTheTableIsAProtocolError) {
  EXPECT_FALSE(close_reason_of(0));
  EXPECT_FALSE(close_reason_of(65535));
  EXPECT_EQ(close_reason_row(static_cast<CloseReason>(65535)).reason, CloseReason::protocol_error);
}

TEST(CloseReason, SaysWhetherANodeRejoins) {
  EXPECT_EQ(close_reason_of(4), CloseReason::heartbeat_lost);
  EXPECT_EQ(to_string(CloseReason::slow_consumer), "slow_consumer");
  EXPECT_TRUE(close_reason_row(CloseReason::peer_closed).rejoin);
  EXPECT_FALSE(close_reason_row(CloseReason::name_taken).rejoin);
}

}  // namespace
}  // namespace daffi::base
