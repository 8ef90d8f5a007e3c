/// @file  Case 13: nodes that join, call, and die, many at a time, beside a load that must not notice.
#include <signal.h>

#include <random>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

struct Churn : Field {
  static int nodes() { return soaking() ? 200 : 12; }
  static std::chrono::seconds span() { return soaking() ? std::chrono::seconds(60 * soak_minutes() / 4) : 3s; }
};

TEST_F(Churn, OfNodesThatJoinCallAndDieLosesNothingAndLeavesNothingBehind) {
  start_controller({"--grace", "1"});
  start_callee("steady", {"--grace", "1"});
  start_caller("unary,stream", {"--receiver", "steady"}, "caller_steady");
  await_calls("caller_steady", 100);
  const auto before = footprint(process("controller").pid());
  std::mt19937 random(20'241'123);
  const auto until = std::chrono::steady_clock::now() + span();
  std::vector<bool> there(static_cast<std::size_t>(nodes()));
  std::vector<std::string> names(there.size());
  for (std::size_t turn = 0; std::chrono::steady_clock::now() < until; ++turn) {
    const auto i = random() % there.size();
    // No name comes twice: in ten minutes of this the system gives the same process number again, and a ledger is
    // named after both.
    if (!there[i]) names[i] = "caller_" + std::to_string(i) + "_" + std::to_string(turn);
    const std::string& name = names[i];
    if (!there[i]) {
      // Slow enough that two hundred of them leave the machine some time.
      start_caller("unary", {"--serve", "yes", "--pause-us", soaking() ? "1000000" : "20000", "--grace", "1"}, name);
    } else if (turn % 3 == 0) {
      stop(name);
    } else {
      kill(name);
    }
    there[i] = !there[i];
  }
  await_calls("caller_steady", 100);
  for (std::size_t i = 0; i < there.size(); ++i) {
    if (there[i]) stop(names[i]);
  }
  finish("caller_steady");
  stop("caller_steady");
  // The grace time of the last one that was killed.
  let_pass(1500ms);
  const auto after = footprint(process("controller").pid());
  EXPECT_LE(after.descriptors, before.descriptors);
  EXPECT_LE(after.memory_kib, before.memory_kib + 48 * 1024);
  stop("steady");
  EXPECT_LE(counter(stop("controller"), "members"), 1u);
  const auto verdict = judge();
  EXPECT_GE(verdict.processes, 4u);
}

}  // namespace
}  // namespace daffi::tests
