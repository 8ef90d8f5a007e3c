/// @file  What a node may rely on when: the rules of visibility, one by one.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

TEST(Visibility, NewcomerFindsEverybodyAndItselfInItsFirstSnapshot) {
  World world;
  world.join({.name = "a", .callbacks = announce({callback(1, "f")})});
  RawNode& b = world.join({.name = "b"});
  ASSERT_TRUE(b.welcomed());
  EXPECT_EQ(b.replica.names(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(b.order, (std::vector{FrameKind::challenge, FrameKind::welcome, FrameKind::snapshot}));
  EXPECT_EQ(b.replica.find("a")->callbacks.at(0).name, "f");
  EXPECT_EQ(b.handshake().welcome().controller_name, "control");
}

TEST(Visibility, MemberAndItsCallbacksAppearInOneDelta) {
  World world;
  RawNode& a = world.join({.name = "a"});
  world.pass(50ms);
  const std::size_t before = a.replica.deltas;
  world.join({.name = "b", .callbacks = announce({callback(1, "f"), callback(2, "g")})});
  world.pass(50ms);
  EXPECT_EQ(a.replica.deltas, before + 1);
  EXPECT_EQ(a.replica.find("b")->callbacks.size(), 2u);
}

TEST(Visibility, FirstChangeGoesOutAtOnceAndLaterOnesAreGathered) {
  World world({.delta_delay = 20ms});
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  world.pass(100ms);
  const std::size_t before = a.replica.deltas;
  b.say(announce({callback(1, "f1")}));
  world.settle();
  EXPECT_EQ(a.replica.deltas, before + 1);
  for (std::uint32_t i = 2; i < 10; ++i) {
    b.say(announce({callback(i, "f" + std::to_string(i))}));
    world.pass(1ms, 1ms);
  }
  EXPECT_EQ(a.replica.deltas, before + 1);
  world.pass(12ms, 1ms);
  EXPECT_EQ(a.replica.deltas, before + 2) << "eight changes in one delta, 20 ms after the first";
  EXPECT_EQ(a.replica.find("b")->callbacks.size(), 9u);
}

TEST(Visibility, FrameIsNeverAheadOfItsSendersChanges) {
  World world({.delta_delay = 20ms});
  RawNode& n = world.join({.name = "n"});
  RawNode& other = world.join({.name = "other"});
  RawNode& m = world.join({.name = "m"});
  world.pass(50ms);
  other.say(announce({callback(1, "begins the pause")}));
  world.settle();
  other.order.clear();
  n.order.clear();
  m.say(announce({callback(1, "f")}));
  m.call(n.id(), 7);
  world.settle();
  EXPECT_EQ(n.order, (std::vector{FrameKind::delta, FrameKind::call}));
  EXPECT_EQ(n.replica.find("m")->callbacks.size(), 1u);
  EXPECT_TRUE(other.order.empty()) << "who was not written to waits for the tick";
  world.pass(20ms);
  EXPECT_EQ(other.replica.find("m")->callbacks.size(), 1u);
  world.pass(50ms);
  EXPECT_EQ(n.replica.sequence, other.replica.sequence);
}

TEST(Visibility, NewcomersFirstCallFindsItKnown) {
  World world;
  RawNode& n = world.join({.name = "n"});
  world.join({.name = "starts the pause"});
  RawNode& m = world.join({.name = "m"});
  EXPECT_EQ(n.replica.find("m"), nullptr) << "still gathered";
  m.call(n.id(), 1);
  world.settle();
  EXPECT_NE(n.replica.find("m"), nullptr);
  EXPECT_EQ(n.order.back(), FrameKind::call);
}

TEST(Visibility, SignatureTravelsOncePerDistinctDescriptor) {
  World world;
  RawNode& a = world.join({.name = "a"});
  world.join({.name = "b", .callbacks = announce({callback(1, "f", "int"), callback(2, "g", "int")})});
  world.pass(50ms);
  world.join({.name = "c", .callbacks = announce({callback(1, "f", "int"), callback(2, "h", "str")})});
  world.pass(50ms);
  EXPECT_EQ(a.replica.descriptors.size(), 2u) << "the replica fails the test when one comes twice";
  EXPECT_EQ(a.replica.find("b")->callbacks[0].descriptor_id, a.replica.find("c")->callbacks[0].descriptor_id);
  RawNode& late = world.join({.name = "late"});
  EXPECT_EQ(late.replica.descriptors.size(), 2u);
}

TEST(Visibility, ForgottenDescriptorComesBackUnderAnotherNumber) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .callbacks = announce({callback(1, "f", "odd")})});
  world.pass(50ms);
  wire::Register gone;
  gone.removed = {1};
  b.say(gone);
  world.pass(50ms);
  EXPECT_TRUE(a.replica.find("b")->callbacks.empty());
  b.say(announce({callback(2, "f", "odd")}));
  world.pass(50ms);
  EXPECT_EQ(a.replica.descriptors.size(), 2u);
  EXPECT_EQ(a.replica.descriptors.rbegin()->second.returns, "odd");
}

TEST(Visibility, ResyncGivesAFreshSnapshotAndNoMoreThanOneIsQueued) {
  World world;
  RawNode& a = world.join({.name = "a"});
  const std::size_t before = a.replica.snapshot_parts;
  for (int i = 0; i < 50; ++i) a.send({.kind = FrameKind::resync}, "");
  world.settle();
  EXPECT_GT(a.replica.snapshot_parts, before);
  EXPECT_LE(a.replica.snapshot_parts, before + 2);
  world.join({.name = "b"});
  world.pass(50ms);
  EXPECT_EQ(a.replica.names().size(), 2u) << "deltas go on from the snapshot without a gap";
}

TEST(Visibility, DeltasOfAMemberThatIsTooSlowCollapseIntoASnapshot) {
  World world({.max_queued_bytes_per_member = 4096});
  RawNode& slow = world.join({.name = "slow"}, 4096);
  RawNode& b = world.join({.name = "b"});
  world.pass(50ms);
  slow.frozen = true;
  for (std::uint32_t i = 0; i < 200; ++i) {
    b.say(announce({callback(i, "callback_with_a_long_name_" + std::to_string(i))}));
    world.pass(25ms, 25ms);
  }
  const std::size_t before = slow.replica.snapshot_parts;
  const std::size_t deltas = slow.replica.deltas;
  slow.frozen = false;
  world.pass(50ms);
  EXPECT_EQ(slow.replica.snapshot_parts, before + 1);
  EXPECT_LT(slow.replica.deltas, deltas + 150);
  EXPECT_EQ(slow.replica.find("b")->callbacks.size(), 200u);
  EXPECT_EQ(slow.replica.sequence, b.replica.sequence);
}

TEST(Visibility, ASnapshotSaysHowOftenAMemberWasLost) {
  World world({.max_queued_bytes_per_member = 4096});
  RawNode& slow = world.join({.name = "slow"}, 4096);
  RawNode& b = world.join({.name = "b", .instance = 9});
  world.pass(50ms);
  slow.frozen = true;
  b.drop();
  RawNode* again = &world.join({.name = "b", .instance = 9});
  for (std::uint32_t i = 0; i < 200; ++i) {
    again->say(announce({callback(i, "callback_with_a_long_name_" + std::to_string(i))}));
    world.pass(25ms, 25ms);
  }
  slow.frozen = false;
  world.pass(50ms);
  EXPECT_EQ(slow.replica.find("b")->state, wire::MemberState::present);
  EXPECT_EQ(slow.replica.find("b")->times_lost, 1u);
  EXPECT_EQ(world.join({.name = "new"}).replica.find("b")->times_lost, 1u);
}

TEST(Visibility, LostMemberIsSuspendedForTheGraceTimeAndThenLeft) {
  World world({.grace = 5s});
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .callbacks = announce({callback(1, "f")})});
  world.pass(50ms);
  b.drop();
  world.pass(20ms);
  EXPECT_EQ(a.replica.suspended, std::vector{b.id()});
  EXPECT_EQ(a.replica.find("b")->state, wire::MemberState::suspended);
  EXPECT_EQ(a.replica.find("b")->callbacks.size(), 1u);
  EXPECT_TRUE(world.left.empty());
  EXPECT_EQ(world.controller->stats().suspended, 1u);
  world.pass(4900ms, 100ms);
  EXPECT_TRUE(a.replica.left.empty());
  world.pass(200ms);
  EXPECT_EQ(a.replica.left, std::vector{b.id()});
  EXPECT_EQ(a.replica.left_why, std::vector{base::CloseReason::peer_closed});
  EXPECT_EQ(world.left, std::vector<std::string>{"b"});
  EXPECT_EQ(world.controller->stats().members, 1u);
}

TEST(Visibility, GoodbyeSkipsTheGraceTime) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  world.pass(50ms);
  b.goodbye();
  world.settle();
  EXPECT_EQ(a.replica.left, std::vector{b.id()});
  EXPECT_TRUE(a.replica.suspended.empty());
  EXPECT_EQ(a.replica.left_why, std::vector{base::CloseReason::goodbye});
  EXPECT_EQ(world.left, std::vector<std::string>{"b"});
}

TEST(Visibility, SameInstanceWithinTheGraceTimeIsTheSameMember) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .instance = 9, .callbacks = announce({callback(1, "f")})});
  world.pass(50ms);
  const std::uint32_t id = b.id();
  b.drop();
  world.pass(4s, 100ms);
  RawNode& again = world.join({.name = "b", .instance = 9, .callbacks = announce({callback(5, "g")})});
  EXPECT_EQ(again.id(), id);
  world.pass(10s, 100ms);
  EXPECT_EQ(a.replica.find("b")->state, wire::MemberState::present);
  ASSERT_EQ(a.replica.find("b")->callbacks.size(), 1u);
  EXPECT_EQ(a.replica.find("b")->callbacks[0].name, "g");
  EXPECT_TRUE(a.replica.left.empty());
  EXPECT_TRUE(world.left.empty()) << "it has not left";
  EXPECT_EQ(world.joined, (std::vector<std::string>{"a", "b"})) << "and not come anew";
}

TEST(Visibility, SameInstanceSupersedesItsOldSessionAtOnce) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& old = world.join({.name = "b", .instance = 9});
  world.pass(50ms);
  old.frozen = true;
  RawNode& fresh = world.join({.name = "b", .instance = 9});
  EXPECT_EQ(fresh.id(), old.id());
  world.pass(50ms);
  EXPECT_EQ(a.replica.suspended, std::vector{old.id()}) << "calls pending on the old session end";
  EXPECT_EQ(a.replica.find("b")->state, wire::MemberState::present);
  old.frozen = false;
  world.settle();
  ASSERT_TRUE(old.close);
  EXPECT_EQ(old.close->reason, base::CloseReason::superseded);
  a.call(fresh.id(), 1);
  world.settle();
  EXPECT_TRUE(fresh.take(FrameKind::call));
}

TEST(Visibility, MemberIdsAreNeverGivenTwice) {
  World world({.max_members = 4});
  RawNode& watcher = world.join({.name = "watcher"});
  std::set<std::uint32_t> ids;
  for (int i = 0; i < 100; ++i) {
    RawNode& node = world.join({.name = "n" + std::to_string(i)});
    EXPECT_TRUE(ids.insert(node.id()).second);
    node.goodbye();
    world.settle();
  }
  world.pass(50ms);
  EXPECT_EQ(watcher.replica.members.size(), 1u);
}

TEST(Visibility, DrainingIsAnnounced) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .callbacks = announce({callback(1, "f")})});
  world.pass(50ms);
  wire::Register draining;
  draining.flags = wire::Register::kDraining;
  b.say(draining);
  world.pass(50ms);
  EXPECT_TRUE(a.replica.find("b")->draining);
  a.call(b.id(), 1);
  world.settle();
  EXPECT_FALSE(b.take(FrameKind::call)) << "it may leave as soon as it has seen its own news";
  EXPECT_TRUE(a.take(FrameKind::bounce));
  EXPECT_TRUE(world.join({.name = "c"}).replica.find("b")->draining);
}

TEST(Visibility, LastRegistrationOfANameWins) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .callbacks = announce({callback(1, "f"), callback(2, "g")})});
  b.say(announce({callback(3, "f", "str")}));
  world.pass(50ms);
  const auto& callbacks = a.replica.find("b")->callbacks;
  ASSERT_EQ(callbacks.size(), 2u);
  EXPECT_EQ(callbacks[0].callback_id, 2u);
  EXPECT_EQ(callbacks[1].callback_id, 3u);
}

TEST(Visibility, AnnouncementInSeveralFramesIsSeenWhole) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  world.pass(50ms);
  wire::Register first = announce({callback(1, "f")});
  first.flags = wire::Register::kMore;
  b.say(first);
  world.pass(100ms);
  EXPECT_TRUE(a.replica.find("b")->callbacks.empty());
  b.say(announce({callback(2, "g")}));
  world.pass(50ms);
  EXPECT_EQ(a.replica.find("b")->callbacks.size(), 2u);
}

TEST(Visibility, ObserverSeesAllCallsAllAndIsNotShown) {
  World world;
  RawNode& a = world.join({.name = "a", .callbacks = announce({callback(1, "f")})});
  RawNode& observer = world.join({.name = "a", .flags = wire::Hello::kObserver});
  ASSERT_TRUE(observer.welcomed()) << "its name disturbs nobody";
  EXPECT_EQ(observer.replica.names(), std::set<std::string>{"a"});
  world.pass(50ms);
  EXPECT_EQ(a.replica.names(), std::set<std::string>{"a"});
  EXPECT_EQ(world.joined, std::vector<std::string>{"a"});
  observer.call(a.id(), 4, "hello");
  world.settle();
  const auto call = a.take(FrameKind::call);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->header.member, observer.id());
  a.result(observer.id(), 4, "hi");
  world.settle();
  EXPECT_EQ(observer.take(FrameKind::result)->text(), "hi");
  observer.drop();
  world.pass(50ms);
  EXPECT_TRUE(world.left.empty());
  EXPECT_EQ(world.controller->stats().suspended, 0u);
}

TEST(Visibility, DocumentationIsSentWhenAskedFor) {
  World world;
  wire::Registration documented = callback(1, "f");
  documented.doc = "adds two numbers";
  RawNode& a = world.join({.name = "a", .callbacks = announce({documented, callback(2, "g")})});
  RawNode& b = world.join({.name = "b"});
  b.say(wire::Describe{.items = {{a.id(), 1}, {a.id(), 2}, {99, 1}}}, 17);
  world.settle();
  const auto frame = b.take(FrameKind::described);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->header.id, 17u);
  const auto answer = frame->as<wire::Described>();
  ASSERT_EQ(answer.items.size(), 3u);
  EXPECT_EQ(answer.items[0].doc, "adds two numbers");
  EXPECT_EQ(answer.items[1].doc, "");
  EXPECT_EQ(answer.items[2].doc, "");
}

TEST(Visibility, LargeDirectorySpansFramesInSnapshotAndDelta) {
  World world;
  RawNode& early = world.join({.name = "early"});
  wire::Register many;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    many.added.push_back(callback(i, "callback_" + std::string(100, 'x') + std::to_string(i),
                                  std::string(300, 't') + std::to_string(i)));
  }
  world.join({.name = "large", .callbacks = many});
  world.pass(50ms);
  RawNode& late = world.join({.name = "late"});
  EXPECT_GT(late.replica.snapshot_parts, 3u);
  for (const RawNode* node : {&early, &late}) {
    ASSERT_NE(node->replica.find("large"), nullptr);
    EXPECT_EQ(node->replica.find("large")->callbacks.size(), 4000u);
    EXPECT_EQ(node->replica.descriptors.size(), 4000u);
  }
}

TEST(Visibility, TwoHundredJoiningAtOnceAllSeeEachOther) {
  World world;
  for (int i = 0; i < 200; ++i) {
    RawNode& node = world.connect();
    node.start({.name = "n" + std::to_string(i), .callbacks = announce({callback(1, "f" + std::to_string(i % 10))})});
  }
  world.pass(100ms);
  for (const auto& node : world.nodes) {
    EXPECT_EQ(node->replica.members.size(), 200u);
    EXPECT_EQ(node->replica.sequence, world.nodes[0]->replica.sequence);
  }
}

}  // namespace
}  // namespace daffi::controller
