/// @file  Case 1: kill -9 of the callee, the caller and the controller, in mid-call and mid-stream, under load.
#include <signal.h>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

// Short waits for what has died: the promises are the same.
const std::vector<std::string> kQuick{"--grace", "1", "--connect-wait", "5"};

struct Kill : Field {
  Kill() { start_controller(kQuick); }
  // How often a process is killed while the load goes on.
  static int rounds() { return soaking() ? 20 : 3; }
  static constexpr const char* kEverything = "unary,batch,stream,feed,large";
};

TEST_F(Kill, ACalleeInMidCallEndsTheCallAsPerhapsRunAndTheLoadGoesOnAtItsSuccessor) {
  start_callee();
  auto& caller = start_caller("hold,unary", kQuick);
  process("callee").wait_for_line("holding");
  kill("callee");
  caller.wait_for_line("error Remote process callee stopped unexpectedly.");
  start_callee().wait_for_line("holding");
  await_calls("caller", 100);
  kill("callee");
  finish();
  const auto verdict = judge();
  EXPECT_GE(verdict.errors.at(16), 2u);
}

TEST_F(Kill, ACalleeInMidStreamEndsBothDirectionsBehindItemsInOrder) {
  start_callee();
  auto& caller = start_caller("endless,endless_feed", {"--timeout", "0"});
  caller.wait_for_line("taken a thousand");
  process("callee").wait_for_line("taken a thousand");
  kill("callee");
  for (int direction = 0; direction < 2; ++direction) caller.wait_for_line("callee stopped unexpectedly");
  finish();
  const auto verdict = judge();
  EXPECT_GE(verdict.items, 2000u);
  EXPECT_EQ(verdict.errors.at(16), 2u);
}

TEST_F(Kill, OneOfTwoCalleesAgainAndAgainLosesNothingUnderLoad) {
  start_callee("one");
  start_callee("two");
  start_caller(kEverything, kQuick);
  for (int round = 0; round < rounds(); ++round) {
    await_calls("caller", 200);
    kill(round % 2 == 0 ? "one" : "two");
    await_calls("caller", 100);
    start_callee(round % 2 == 0 ? "one" : "two");
  }
  finish();
  EXPECT_GE(judge().succeeded, 600u);
}

TEST_F(Kill, ACallerFiresTheStopTokenEndsTheGeneratorAndIsForgotten) {
  auto& callee = start_callee();
  auto& caller = start_caller("hold,endless,endless_feed", {"--timeout", "0"});
  callee.wait_for_line("holding");
  caller.wait_for_line("taken a thousand");
  kill("caller");
  for (bool told = false, gone = false; !told || !gone;) {
    const auto line = callee.wait_for_line("");
    told = told || line == "told to stop";
    gone = gone || line == "generator gone";
  }
  EXPECT_EQ(counter(stop("callee"), "running"), 0u);
  for (int left = 0; left < 2; ++left) process("controller").wait_for_line("' left: ");
  EXPECT_EQ(counter(stop("controller"), "members"), 0u);
  EXPECT_GE(judge().excused, 2u);
}

TEST_F(Kill, TheControllerAgainAndAgainLosesNothingUnderLoadAndEverybodyComesBack) {
  start_callee("one");
  start_callee("two");
  start_caller(kEverything, kQuick);
  for (int round = 0; round < rounds(); ++round) {
    await_calls("caller", 200);
    kill("controller");
    start_controller(kQuick);
  }
  await_calls("caller", 200);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), static_cast<std::uint64_t>(rounds()));
  judge();
}

}  // namespace
}  // namespace daffi::tests
