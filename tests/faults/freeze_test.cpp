/// @file  Case 2: processes that are stopped for a while (SIGSTOP) and go on as if nothing had been.
#include <signal.h>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kAttentive{"--heartbeat", "1", "--grace", "0.5", "--connect-wait", "5"};

struct Freeze : Field {
  Freeze() {
    start_controller(kAttentive);
    start_callee("one", kAttentive);
  }
  // From the moment in which everybody knows; in the long form it stays so for a while.
  static void stay_frozen() {
    if (soaking()) let_pass(30s);
  }
};

TEST_F(Freeze, ACalleeIsLostByItsSilenceAndRejoinsWhileTheLoadGoesOnElsewhere) {
  start_callee("two", kAttentive);
  start_caller("unary,batch,stream,feed,large", kAttentive);
  await_calls("caller", 100);
  process("one").send(SIGSTOP);
  process("controller").wait_for_line("node 'one' lost its connection");
  await_calls("caller", 200);
  stay_frozen();
  process("one").send(SIGCONT);
  process("controller").wait_for_line("node 'one' ");
  stop("two");
  await_calls("caller", 100);
  finish();
  judge();
}

TEST_F(Freeze, ACallerIsLostAndTakesUpItsWorkAgain) {
  start_caller("unary,stream,feed", kAttentive);
  await_calls("caller", 100);
  process("caller").send(SIGSTOP);
  process("controller").wait_for_line("node 'caller' lost its connection");
  stay_frozen();
  process("caller").send(SIGCONT);
  process("controller").wait_for_line("node 'caller' ");
  await_calls("caller", 100);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), 1u);
  EXPECT_EQ(counter(stop("one"), "running"), 0u);
  judge();
}

TEST_F(Freeze, AControllerIsFoundSilentByEverybodyAndFoundAgain) {
  auto& caller = start_caller("unary,batch,stream,feed", kAttentive);
  await_calls("caller", 100);
  process("controller").send(SIGSTOP);
  caller.wait_for_error_line("lost its controller");
  stay_frozen();
  process("controller").send(SIGCONT);
  await_calls("caller", 200);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), 1u);
  EXPECT_GE(counter(stop("one"), "reconnects"), 1u);
  judge();
}

// Shorter than anybody notices but the calls themselves.
struct ShortFreeze : Field {};

TEST_F(ShortFreeze, RepliesThatComeAfterTheirTimeoutAreDroppedAndCounted) {
  start_controller({"--heartbeat", "120"});
  start_callee("one", {"--heartbeat", "120"});
  auto& caller = start_caller("unary,unary", {"--timeout", "0.3", "--heartbeat", "120"});
  await_calls("caller", 100);
  process("one").send(SIGSTOP);
  for (int thread = 0; thread < 2; ++thread) caller.wait_for_line("timed out");
  process("one").send(SIGCONT);
  await_calls("caller", 100);
  finish();
  EXPECT_GE(counter(stop("caller"), "late"), 2u);
  EXPECT_GE(judge().errors[13], 2u);
}

}  // namespace
}  // namespace daffi::tests
