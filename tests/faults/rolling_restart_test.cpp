/// @file  Case 11: SIGTERM under load, one process after the other, and no call notices.
#include <signal.h>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

struct RollingRestart : Field {
  RollingRestart() { start_controller(); }
  static int rounds() { return soaking() ? 40 : 3; }
};

TEST_F(RollingRestart, OfACalleeBehindTwoHoldersLosesNoCall) {
  start_callee("one");
  start_callee("two");
  start_caller("unary,batch,batch,large");
  for (int round = 0; round < rounds(); ++round) {
    const std::string next = round % 2 == 0 ? "one" : "two";
    await_calls("caller", 200);
    stop(next);
    start_callee(next);
  }
  await_calls("caller", 100);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(RollingRestart, OfACallerEndsEachOfItsCallsAndLeavesNothingBehind) {
  start_callee("one");
  start_caller("unary", {}, "caller_that_stays");
  for (int round = 0; round < rounds(); ++round) {
    start_caller("unary,batch,stream,feed,large");
    await_calls("caller", 100);
    stop("caller");
  }
  finish("caller_that_stays");
  stop("caller_that_stays");
  const auto counters = stop("one");
  EXPECT_EQ(counter(counters, "running"), 0u);
  EXPECT_EQ(counter(counters, "transfers"), 0u);
  judge();
}

}  // namespace
}  // namespace daffi::tests
