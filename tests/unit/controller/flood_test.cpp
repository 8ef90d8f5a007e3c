/// @file  Floods of what costs their sender nothing, and crowds at the door: each ends typed, and others do not notice.
#include <gtest/gtest.h>

#include "session/rate_budget.hpp"
#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

using base::CloseReason;

// In small: the rates of a real controller are for millions.
Options strict() {
  Options options;
  options.cancel_rate = {.burst = 512, .per_second = 128};
  options.control_rate = {.burst = 256, .per_second = 64};
  return options;
}

class Flood : public ::testing::Test {
 protected:
  World world{strict()};
  RawNode& callee = world.join({.name = "callee", .callbacks = announce({callback(1, "f")})});
  RawNode& other = world.join({.name = "other"});
  RawNode& node = world.join({.name = "flooder"});

  void cancel(std::uint64_t id) {
    node.send({.kind = FrameKind::cancel, .member = callee.id(), .id = id}, "");
    world.settle();
  }
  void ping(RawNode& from, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) from.send({.kind = FrameKind::ping, .id = i}, "");
    world.settle();
  }
  void expect_closed_for_flooding(RawNode& flooder) {
    ASSERT_TRUE(flooder.close);
    EXPECT_EQ(flooder.close->reason, CloseReason::flood);
    world.pass(2s, 500ms);
    EXPECT_TRUE(flooder.closed);
    other.call(callee.id(), 99);
    world.settle();
    EXPECT_TRUE(callee.take(FrameKind::call));
    EXPECT_FALSE(callee.closed);
    EXPECT_FALSE(other.closed);
  }
};

TEST_F(Flood, WhoOpensAndCancelsWithoutEndIsClosedWithATypedReason) {
  std::uint64_t id = 0;
  for (; !node.close && id < 2000; ++id) {
    node.call(callee.id(), id, "");
    cancel(id);
  }
  EXPECT_EQ(id, strict().cancel_rate.burst + 1) << "not before, and not later";
  callee.received.clear();
  expect_closed_for_flooding(node);
}

TEST_F(Flood, GivingUpManyCallsAtOnceAgainAndAgainIsNone) {
  for (int second = 0; second < 60; ++second) {
    for (std::uint64_t i = 0; i < 128; ++i) cancel(i);
    world.pass(1s, 1s);
  }
  EXPECT_FALSE(node.close);
}

TEST_F(Flood, ACancelThatGoesToNobodyCountsToo) {
  for (std::uint64_t i = 0; i < 600; ++i) node.send({.kind = FrameKind::cancel, .member = 4711, .id = i}, "");
  world.settle();
  expect_closed_for_flooding(node);
}

TEST_F(Flood, PingsWithoutEndAreClosedWithATypedReason) {
  ping(node, strict().control_rate.burst);
  EXPECT_FALSE(node.close);
  EXPECT_EQ(node.pongs, strict().control_rate.burst);
  ping(node, 1);
  expect_closed_for_flooding(node);
}

TEST_F(Flood, AnnouncementsAndQuestionsAreOfTheSameBudget) {
  for (std::uint64_t i = 0; i < strict().control_rate.burst / session::kCostly; ++i) {
    i % 2 == 0 ? node.say(wire::Register{}) : node.send({.kind = FrameKind::resync}, "");
  }
  world.settle();
  EXPECT_FALSE(node.close);
  node.say(wire::Describe{});
  world.settle();
  expect_closed_for_flooding(node);
}

TEST_F(Flood, TheBudgetOutlivesTheConnection) {
  const Persona same{.name = "again", .instance = 99};
  RawNode& first = world.join(same);
  ping(first, strict().control_rate.burst);
  EXPECT_FALSE(first.close);
  RawNode& second = world.join(same);
  ASSERT_TRUE(second.welcomed());
  ping(second, 1);
  expect_closed_for_flooding(second);
}

TEST(FloodLimits, AreFarAboveWhatAProcessOfOursCanNeed) {
  // All the calls that it may have pending, given up at once, and again a second later.
  EXPECT_GE(session::kCancelRate.burst, 8u * 65'536);
  EXPECT_GE(session::kCancelRate.per_second, 2u * 65'536);
  // Every callback it may have, announced one by one.
  EXPECT_GE(session::kControlRate.burst, session::kCostly * 4096);
}

// A memory stream that says it comes from an address.
class FromAddress final : public net::Stream {
 public:
  FromAddress(std::unique_ptr<net::Stream> inner, std::string address) : inner_(std::move(inner)) {
    info_ = inner_->peer();
    info_.transport = net::PeerInfo::Transport::tcp;
    info_.address = std::move(address);
  }
  net::IoResult read(base::MutableBytes into) override { return inner_->read(into); }
  net::IoResult write(std::span<const iovec> parts) override { return inner_->write(parts); }
  void close() override { inner_->close(); }
  base::Result<void> watch(net::Loop& loop, net::Watcher& watcher) override { return inner_->watch(loop, watcher); }
  void unwatch() override { inner_->unwatch(); }
  int fd() const override { return -1; }
  const net::PeerInfo& peer() const override { return info_; }

 private:
  std::unique_ptr<net::Stream> inner_;
  net::PeerInfo info_;
};

RawNode& connect_from(World& world, const std::string& host) {
  static int port = 1000;
  return world.connect_through([&](std::unique_ptr<net::Stream> stream) {
    return std::make_unique<FromAddress>(std::move(stream), host + ":" + std::to_string(++port));
  });
}

RawNode& join_from(World& world, const std::string& host, const std::string& name) {
  RawNode& node = connect_from(world, host);
  node.start({.name = name});
  world.settle();
  return node;
}

TEST(Crowd, OneAddressHasOnlySoManyConnections) {
  World world({.max_connections_per_address = 3});
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(join_from(world, "10.0.0.1", name).welcomed());
  RawNode& fourth = join_from(world, "10.0.0.1", "d");
  ASSERT_TRUE(fourth.close);
  EXPECT_EQ(fourth.close->reason, CloseReason::too_many);
  EXPECT_TRUE(join_from(world, "10.0.0.2", "e").welcomed()) << "another address has places of its own";
  EXPECT_EQ(world.controller->stats().refused_sessions, 1u);
  world.nodes[0]->goodbye();
  world.pass(2s, 100ms);
  EXPECT_TRUE(join_from(world, "10.0.0.1", "f").welcomed()) << "a place that fell free";
}

TEST(Crowd, AddressesAreToldApartWithoutTheirPorts) {
  World world({.max_connections_per_address = 1});
  EXPECT_TRUE(join_from(world, "[fe80::1]", "a").welcomed());
  EXPECT_FALSE(join_from(world, "[fe80::1]", "b").welcomed());
  EXPECT_TRUE(join_from(world, "[fe80::2]", "c").welcomed());
}

TEST(Crowd, ThereAreOnlySoManyConnectionsInAll) {
  World world({.max_connections = 2});
  EXPECT_TRUE(join_from(world, "10.0.0.1", "a").welcomed());
  EXPECT_TRUE(world.join({.name = "b"}).welcomed());
  RawNode& third = world.join({.name = "c"});
  ASSERT_TRUE(third.close);
  EXPECT_EQ(third.close->reason, CloseReason::too_many);
}

TEST(Crowd, WhoSaysNothingTakesNoOtherAddressesPlaceAndIsForgottenInTime) {
  World world({.max_handshaking = 8});
  for (int i = 0; i < 100; ++i) connect_from(world, "10.0.0.1");
  world.settle();
  EXPECT_EQ(world.controller->stats().handshaking, 4u) << "half of the places";
  EXPECT_EQ(world.controller->stats().refused_sessions, 96u);
  EXPECT_TRUE(join_from(world, "10.0.0.2", "honest").welcomed());
  world.pass(7s, 500ms);
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
  EXPECT_TRUE(join_from(world, "10.0.0.1", "late").welcomed());
}

TEST(Crowd, ABytePerSecondDoesNotProlongTheHandshake) {
  World world;
  RawNode& slow = connect_from(world, "10.0.0.1");
  const auto preamble = wire::encode_preamble();
  for (std::size_t i = 0; i < 6 && !slow.closed; ++i) {
    slow.out.append(base::Bytes(preamble).subspan(i, 1));
    world.pass(1s, 500ms);
  }
  world.pass(2s, 500ms);
  EXPECT_TRUE(slow.closed);
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
}

}  // namespace
}  // namespace daffi::controller
