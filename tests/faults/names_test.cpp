/// @file  Case 9: a name that two want, and a callback that goes and comes in mid-call. No call is lost over it.
#include <signal.h>

#include <daffi/error.hpp>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

struct Names : Field {
  Names() { start_controller(); }
  static int rounds() { return soaking() ? 30 : 4; }
};

TEST_F(Names, ASecondProcessOfALiveNameIsRefusedByNameAndTheFirstLosesNoCall) {
  auto& callee = start_callee("callee");
  start_caller("unary,batch,stream,feed,large");
  await_calls("caller", 100);
  const pid_t holder = callee.pid();
  for (int round = 0; round < rounds(); ++round) {
    // It is no part of the case: its ledger is elsewhere.
    Process rival(program("party"), {"--serve", "yes", "--folder", folder(), "--name", "callee", "--ledger", folder()});
    rival.wait_for_error_line("'callee'");
    EXPECT_NE(rival.wait_for_exit(), (Exit{0, 0}));
    for (const auto& line : rival.lines()) EXPECT_FALSE(line.starts_with("ready")) << line;
    await_calls("caller", 100);
  }
  EXPECT_EQ(process("callee").pid(), holder);
  finish();
  EXPECT_EQ(counter(stop("caller"), "reconnects"), 0u);
  EXPECT_EQ(counter(stop("callee"), "reconnects"), 0u);
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Names, ACallbackThatIsReplacedAgainAndAgainLosesNoCall) {
  auto& callee = start_callee("callee", {"--changes", "replace"});
  start_caller("unary,unary,batch,batch");
  callee.wait_for_line("changed a hundred times");
  await_calls("caller", 300);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Names, ACallbackThatIsTakenBackAgainAndAgainSendsItsCallsToTheOtherHolder) {
  start_callee("constant");
  auto& callee = start_callee("fickle", {"--changes", "remove"});
  start_caller("unary,unary,batch,batch");
  callee.wait_for_line("changed a hundred times");
  await_calls("caller", 300);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

// With nobody else to go to, who calls is told that there is none: it was not run, and may try again.
TEST_F(Names, TheOnlyCallbackThatIsTakenBackAgainAndAgainEndsCallsAsNotRunOrNotAtAll) {
  auto& callee = start_callee("fickle", {"--changes", "remove"});
  start_caller("unary,unary,batch,batch");
  callee.wait_for_line("changed a hundred times");
  await_calls("caller", 100);
  finish();
  const auto verdict = judge();
  EXPECT_EQ(verdict.failed, verdict.certainly_not_run);
  for (const auto& [code, count] : verdict.errors) {
    // It was there when the call was sent, or it was not.
    const auto error = static_cast<ErrorCode>(code);
    EXPECT_TRUE(error == ErrorCode::no_candidate || error == ErrorCode::unknown_callback) << code << ": " << count;
  }
}

}  // namespace
}  // namespace daffi::tests
