/// @file  Case 3: networks that delay, stall one way or both, forget a connection at one end, and turn bits.
#include <sys/stat.h>

#include <optional>

#include "faults/chaos_proxy.hpp"
#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kAttentive{"--heartbeat", "1", "--grace", "0.5", "--connect-wait", "5"};
constexpr const char* kEverything = "unary,batch,stream,feed,large";

// A controller on TCP and callee "two" beside it; who is started with behind_proxy() has the bad network between.
struct Partition : Field {
  Partition() {
    start_controller_on_tcp(kAttentive);
    start_callee("two", kAttentive);
    proxy_.emplace(std::uint16_t{0}, port());
  }
  Arguments behind_proxy() const {
    auto arguments = kAttentive;  // of two equal options the first one counts
    arguments.insert(arguments.end(), {"--host", "127.0.0.1", "--port", std::to_string(proxy_->port())});
    return arguments;
  }
  static void stay_apart() {
    if (soaking()) let_pass(10s);
  }

  std::optional<ChaosProxy> proxy_;
};

TEST_F(Partition, ACalleeCutOffBothWaysIsLostAndRejoinsWhileTheLoadGoesOnElsewhere) {
  start_callee("one", behind_proxy());
  start_caller(kEverything, kAttentive);
  await_calls("caller", 100);
  proxy_->set({.stalled = true});
  process("controller").wait_for_line("node 'one' lost its connection");
  await_calls("caller", 200);
  stay_apart();
  proxy_->set({});
  process("controller").wait_for_line("node 'one' ");
  stop("two");
  await_calls("caller", 100);
  finish();
  judge();
}

TEST_F(Partition, ACallerCutOffOneWayIsLostAndTakesUpItsWorkAgain) {
  start_caller(kEverything, behind_proxy());
  for (const Way way : {Way::up, Way::down}) {
    await_calls("caller", 100);
    proxy_->set(way, {.stalled = true});
    process("caller").wait_for_error_line("lost its controller");
    stay_apart();
    proxy_->set(way, {});
  }
  await_calls("caller", 100);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), 2u);
  judge();
}

TEST_F(Partition, BytesThatVanishInOneDirectionCostTheConnectionAndNoCall) {
  start_caller(kEverything, behind_proxy());
  for (const Way way : {Way::up, Way::down}) {
    await_calls("caller", 100);
    proxy_->set(way, {.swallowed = true});
    process("caller").wait_for_error_line("lost its controller");
    proxy_->set(way, {});
  }
  await_calls("caller", 100);
  finish();
  judge();
}

TEST_F(Partition, AConnectionThatOneEndHasForgottenIsReplaced) {
  start_callee("one", behind_proxy());
  start_caller(kEverything, behind_proxy(), "caller");
  await_calls("caller", 100);
  proxy_->half_open();
  process("controller").wait_for_line("node 'one' lost its connection");
  process("controller").wait_for_line("node 'one' ");
  await_calls("caller", 200);
  finish();
  EXPECT_GE(counter(stop("caller"), "reconnects"), 1u);
  EXPECT_GE(counter(stop("one"), "reconnects"), 1u);
  judge();
}

TEST_F(Partition, AHalfClosedConnectionIsReplaced) {
  start_caller(kEverything, behind_proxy());
  for (const Way way : {Way::up, Way::down}) {
    await_calls("caller", 100);
    const auto before = proxy_->connections();
    proxy_->half_close(way);
    await_calls("caller", 100);
    EXPECT_GT(proxy_->connections(), before);
  }
  finish();
  judge();
}

TEST_F(Partition, ConnectionsCutAgainAndAgainLoseNothingUnderLoad) {
  start_callee("one", behind_proxy());
  start_caller(kEverything, behind_proxy());
  for (int round = 0; round < (soaking() ? 100 : 5); ++round) {
    await_calls("caller", 100);
    proxy_->cut();
  }
  await_calls("caller", 100);
  finish();
  judge();
}

TEST_F(Partition, FarAwayIsSlowAndNothingElse) {
  // On the other side of the earth, and the heartbeat no longer than by default.
  proxy_->set({.delay = 200ms, .jitter = 100ms});
  start_callee("far", {"--host", "127.0.0.1", "--port", std::to_string(proxy_->port())});
  start_caller("batch,batch,batch,batch,stream,feed,large", {"--receiver", "far", "--timeout", "60", "--items", "100"});
  await_calls("caller", soaking() ? 2000 : 100);
  finish();
  EXPECT_EQ(judge({.slack = 1s}).failed, 0u);
}

TEST_F(Partition, AThinLineCarriesLargeValuesAndSmallCallsBesides) {
  proxy_->set({.bytes_per_second = 2'000'000});
  start_caller("batch,large,large",
               {"--host", "127.0.0.1", "--port", std::to_string(proxy_->port()), "--timeout", "60"});
  await_calls("caller", soaking() ? 2000 : 100);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

// On a UNIX socket as on TCP.
struct PartitionOfOneHost : Field {};

TEST_F(PartitionOfOneHost, ConnectionsCutAndStalledLoseNothingUnderLoad) {
  start_controller(kAttentive);
  start_callee("two", kAttentive);
  const auto between = folder() / "between";
  std::filesystem::create_directory(between);
  chmod(between.c_str(), 0700);
  ChaosProxy proxy(between / ".sock", folder() / ".sock");
  chmod((between / ".sock").c_str(), 0600);
  address_ = {"--folder", between};
  start_caller(kEverything, kAttentive);
  await_calls("caller", 100);
  proxy.cut();
  process("caller").wait_for_error_line("lost its controller");
  process("controller").wait_for_line("node 'caller' lost its connection");
  await_calls("caller", 100);
  proxy.set({.stalled = true});
  process("caller").wait_for_error_line("lost its controller");
  process("controller").wait_for_line("node 'caller' lost its connection");
  proxy.set({});
  await_calls("caller", 100);
  finish();
  judge();
}

}  // namespace
}  // namespace daffi::tests
