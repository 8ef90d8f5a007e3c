/// @file  Case 3 again, in networks of the kernel's own: a cable that is pulled, packets that are lost, a firewall.
#include <optional>

#include "faults/cable.hpp"
#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kAttentive{"--heartbeat", "1", "--grace", "0.5", "--connect-wait", "5"};
constexpr const char* kEverything = "unary,batch,stream,feed,large";

// A controller and callee "two" at the near end; who is started with far() has the cable between.
struct Network : Field {
  void SetUp() override {
    if (const auto obstacle = Cable::obstacle(); !obstacle.empty()) GTEST_SKIP() << obstacle;
    cable_.emplace();
    cable_->at(End::near, [this] {
      start_controller_on_tcp(kAttentive, Cable::address(End::near));
      start_callee("two", kAttentive);
    });
  }
  template <typename F>
  void far(F start) {
    cable_->at(End::far, start);
  }
  static void stay_apart() {
    if (soaking()) let_pass(10s);
  }

  std::optional<Cable> cable_;
};

TEST_F(Network, ACalleeWhoseCableIsPulledIsLostAndRejoinsWhileTheLoadGoesOnElsewhere) {
  far([this] { start_callee("one", kAttentive); });
  cable_->at(End::near, [this] { start_caller(kEverything, kAttentive); });
  await_calls("caller", 100);
  cable_->cut();
  process("controller").wait_for_line("node 'one' lost its connection");
  await_calls("caller", 200);
  stay_apart();
  cable_->join();
  process("controller").wait_for_line("node 'one' ");
  stop("two");
  await_calls("caller", 100);
  finish();
  judge();
}

TEST_F(Network, ACallerThatHearsOrIsHeardOnlyTakesUpItsWorkAgain) {
  far([this] { start_caller(kEverything, kAttentive); });
  for (const End deaf : {End::near, End::far}) {
    await_calls("caller", 100);
    cable_->lose(deaf, 100);
    process("caller").wait_for_error_line("lost its controller");
    stay_apart();
    cable_->let_through();
  }
  await_calls("caller", 100);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), 2u);
  judge();
}

TEST_F(Network, ThatLosesPacketsBothWaysLosesNoCall) {
  far([this] { start_caller(kEverything, {"--timeout", "60"}); });
  cable_->lose(End::near, 5);
  cable_->lose(End::far, 5);
  await_calls("caller", soaking() ? 3000 : 300);
  cable_->let_through();
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Network, ThatIsFarAwayAndLosesPacketsIsSlowAndNothingElse) {
  if (!cable_->slow_down(100ms, 20ms, 2)) GTEST_SKIP() << "this kernel has no netem";
  far([this] { start_caller(kEverything, {"--timeout", "60"}); });
  await_calls("caller", soaking() ? 1000 : 100);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Network, AFirewallThatResetsConnectionsCostsThemAndNoCallIsLost) {
  far([this] { start_caller(kEverything, kAttentive); });
  for (int round = 0; round < (soaking() ? 20 : 2); ++round) {
    for (const End end : {End::near, End::far}) {
      await_calls("caller", 100);
      cable_->reset(end);
      process("caller").wait_for_error_line("lost its controller");
      cable_->let_through();
    }
  }
  await_calls("caller", 100);
  finish();
  judge();
}

}  // namespace
}  // namespace daffi::tests
