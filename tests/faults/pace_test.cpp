/// @file  Case 4: those who take slowly what others give fast. Everybody else goes on, and nothing piles up for them.
#include <signal.h>

#include <iostream>
#include <optional>

#include "faults/chaos_proxy.hpp"
#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

// A stream may have a window at its receiver, one at its source and some at the controller: far below what a source
// that does not wait gives in the same time.
constexpr std::size_t kRoomKib = 24 * 1024;

struct Pace : Field {
  std::size_t memory(const std::string& name) { return footprint(process(name).pid()).memory_kib; }
  void remember(const std::vector<std::string>& names) {
    for (const auto& name : names) before_[name] = memory(name);
  }
  void expect_little_more() {
    for (const auto& [name, kib] : before_) {
      EXPECT_LT(memory(name), kib + kRoomKib) << name << " had " << kib << " KiB";
    }
  }

  std::map<std::string, std::size_t> before_;
};

const std::vector<std::string> kPages{"--size", "16384", "--items", "1200", "--sip-us", "500", "--timeout", "60"};

TEST_F(Pace, OfAStreamIsThatOfItsConsumerHoweverFastItIsMade) {
  start_controller();
  start_callee();
  start_caller("unary,batch", {}, "caller_beside");
  await_calls("caller_beside", 100);
  remember({"controller", "callee"});
  auto& slow = start_caller("pages,pages", kPages, "caller_slow");
  remember({"caller_slow"});
  slow.wait_for_line("taken a thousand");
  expect_little_more();
  await_calls("caller_beside", 300);
  finish("caller_slow");
  finish("caller_beside");
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Pace, OfAStreamToACallbackIsThatOfTheCallbackHoweverFastItIsMade) {
  start_controller();
  auto& callee = start_callee("callee", {"--sip-us", "500"});
  start_caller("unary,batch", {}, "caller_beside");
  await_calls("caller_beside", 100);
  remember({"controller", "callee"});
  start_caller("feed_pages,feed_pages", kPages, "caller_fast");
  remember({"caller_fast"});
  callee.wait_for_line("taken a thousand");
  expect_little_more();
  await_calls("caller_beside", 300);
  finish("caller_fast");
  finish("caller_beside");
  EXPECT_EQ(judge().failed, 0u);
}

// Results wait at the controller for who reads them slowly; who reads at all is not taken for dead.
TEST_F(Pace, ACallerThatReadsItsResultsSlowlyHoldsUpNobodyAndGetsThemAll) {
  start_controller_on_tcp({"--heartbeat", "60"});
  start_callee();
  ChaosProxy line(std::uint16_t{0}, port());
  start_caller("unary,batch,large", {}, "caller_beside");
  start_caller("unary,batch,batch,large,large",
               {"--host", "127.0.0.1", "--port", std::to_string(line.port()), "--timeout", "120", "--heartbeat", "60"},
               "caller_slow");
  await_calls("caller_slow", 100);
  remember({"controller", "callee"});
  line.set(Way::down, {.bytes_per_second = 1'000'000});
  await_calls("caller_beside", 1000);
  expect_little_more();
  line.set(Way::down, {});
  await_calls("caller_slow", 100);
  finish("caller_slow");
  finish("caller_beside");
  EXPECT_EQ(counter(stop("controller"), "slow"), 0u);
  EXPECT_EQ(judge().failed, 0u);
}

// That takes ten seconds of silence, so it is in the long form only.
struct SoakPace : Pace {};

TEST_F(SoakPace, ACalleeThatReadsNothingIsClosedAsSlowAndItsCallsEndTyped) {
  start_controller({"--heartbeat", "120"});
  start_callee();
  start_callee("callee_slow", {"--heartbeat", "120"});
  start_caller("unary,batch,large", {"--receiver", "callee"}, "caller_beside");
  // More at a time than goes by memory and what the sockets hold.
  start_caller("large,large,large,large,large,large,large,large,large,large,large,large,large,large,large,large",
               {"--receiver", "callee_slow", "--timeout", "60"}, "caller");
  await_calls("caller", 100);
  process("callee_slow").send(SIGSTOP);
  process("controller").wait_for_line("node 'callee_slow' lost its connection");
  await_calls("caller_beside", 300);
  process("callee_slow").send(SIGCONT);
  await_calls("caller", 100);
  finish("caller");
  finish("caller_beside");
  EXPECT_GE(counter(stop("controller"), "slow"), 1u);
  judge();
}

}  // namespace
}  // namespace daffi::tests
