/// @file  Who gets in: names held twice, identities, limits.
#include <gtest/gtest.h>

#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

Options with_cookie() {
  Options options;
  options.secrets = cookie(1);
  return options;
}

TEST(Name, HeldByALiveProcessIsRefusedNamingTheHolder) {
  World world;
  RawNode& holder = world.join({.name = "shop"});
  RawNode& second = world.join({.name = "shop"});
  ASSERT_TRUE(second.refused);
  EXPECT_EQ(second.refused->code, ErrorCode::name_taken);
  EXPECT_NE(second.refused->message.find("process name 'shop' is taken by"), std::string::npos);
  EXPECT_EQ(second.handshake().close_reason(), base::CloseReason::name_taken);
  EXPECT_EQ(holder.pings, 1u);
  EXPECT_FALSE(holder.close);
  world.pass(2s, 100ms);
  EXPECT_EQ(world.joined, std::vector<std::string>{"shop"});
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
}

TEST(Name, OfAFrozenHolderPassesToTheSameVerifiedUser) {
  World world(with_cookie());
  RawNode& watcher = world.join({.name = "watcher"});
  RawNode& frozen = world.join({.name = "shop", .secrets = cookie(1)});
  world.pass(50ms);
  frozen.frozen = true;
  RawNode& fresh = world.join({.name = "shop", .secrets = cookie(1)});
  world.pass(900ms, 100ms);
  EXPECT_FALSE(fresh.welcomed()) << "the holder has a second to answer";
  world.pass(200ms);
  ASSERT_TRUE(fresh.welcomed());
  EXPECT_NE(fresh.id(), frozen.id());
  world.pass(50ms);
  EXPECT_EQ(watcher.replica.left, std::vector{frozen.id()});
  EXPECT_EQ(watcher.replica.left_why, std::vector{base::CloseReason::name_taken});
  EXPECT_EQ(watcher.replica.find("shop")->member_id, fresh.id());
  frozen.frozen = false;
  world.settle();
  ASSERT_TRUE(frozen.close) << "a thawed loser is told";
  EXPECT_EQ(frozen.close->reason, base::CloseReason::name_taken);
  EXPECT_EQ(world.left, std::vector<std::string>{"shop"});
}

TEST(Name, OfAFrozenHolderDoesNotPassToAnybodyElse) {
  World world(with_cookie());
  RawNode& frozen = world.join({.name = "shop", .secrets = cookie(1)});
  frozen.frozen = true;
  RawNode& stranger = world.join({.name = "shop", .secrets = cookie(2)});
  world.pass(1100ms, 100ms);
  ASSERT_TRUE(stranger.refused);
  EXPECT_EQ(stranger.refused->code, ErrorCode::name_taken);
}

TEST(Name, OfAnUnverifiedFrozenHolderPassesToNobody) {
  World world;
  RawNode& frozen = world.join({.name = "shop"});
  frozen.frozen = true;
  RawNode& second = world.join({.name = "shop"});
  world.pass(1100ms, 100ms);
  EXPECT_TRUE(second.refused);
}

TEST(Name, FrozenHolderThatWasStillWritingIsAlive) {
  World world(with_cookie());
  RawNode& holder = world.join({.name = "shop", .secrets = cookie(1)});
  holder.silent = true;
  RawNode& second = world.join({.name = "shop", .secrets = cookie(1)});
  world.pass(500ms, 100ms);
  holder.send({.kind = FrameKind::ping}, "");
  world.pass(600ms, 100ms);
  EXPECT_TRUE(second.refused);
  EXPECT_FALSE(second.welcomed());
}

TEST(Name, OfASuspendedHolderPassesToTheSameUserAtOnce) {
  World world(with_cookie());
  RawNode& killed = world.join({.name = "shop", .secrets = cookie(1)});
  killed.drop();
  world.settle();
  RawNode& restarted = world.join({.name = "shop", .secrets = cookie(1)});
  ASSERT_TRUE(restarted.welcomed());
  EXPECT_EQ(restarted.replica.members.size(), 1u);
  world.pass(10s, 100ms);
  EXPECT_EQ(restarted.replica.names(), std::set<std::string>{"shop"}) << "the old one's grace ended with it";
}

TEST(Name, OfASuspendedUnverifiedHolderIsFreeWhenItsGraceEnds) {
  World world({.grace = 5s});
  RawNode& killed = world.join({.name = "shop"});
  killed.drop();
  world.settle();
  RawNode& restarted = world.join({.name = "shop"});
  world.pass(4900ms, 100ms);
  EXPECT_FALSE(restarted.welcomed());
  EXPECT_FALSE(restarted.refused);
  world.pass(200ms);
  EXPECT_TRUE(restarted.welcomed());
}

TEST(Name, WaiterIsRefusedWhenTheHolderComesBack) {
  World world({.grace = 5s});
  RawNode& killed = world.join({.name = "shop", .instance = 3});
  killed.drop();
  world.settle();
  RawNode& waiter = world.join({.name = "shop"});
  RawNode& back = world.join({.name = "shop", .instance = 3});
  world.pass(100ms);
  EXPECT_EQ(back.id(), killed.id());
  EXPECT_TRUE(waiter.refused);
}

TEST(Name, OneOfTwoWaitersGetsItAndTheOtherIsRefused) {
  World world({.grace = 5s});
  RawNode& killed = world.join({.name = "shop"});
  killed.drop();
  world.settle();
  RawNode& first = world.join({.name = "shop"});
  RawNode& second = world.join({.name = "shop"});
  world.pass(7s, 100ms);
  EXPECT_TRUE(first.welcomed());
  EXPECT_TRUE(second.refused);
}

TEST(Name, WaiterThatGoesAwayIsForgotten) {
  World world({.grace = 5s});
  RawNode& killed = world.join({.name = "shop"});
  killed.drop();
  world.settle();
  RawNode& waiter = world.join({.name = "shop"});
  waiter.drop();
  world.pass(10s, 100ms);
  EXPECT_EQ(world.controller->stats().members, 0u);
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
}

TEST(Instance, OfAnotherProcessIsNoTicket) {
  World world(with_cookie());
  RawNode& holder = world.join({.name = "shop", .instance = 4, .secrets = cookie(1)});
  RawNode& thief = world.join({.name = "shop", .instance = 4, .secrets = cookie(2)});
  ASSERT_TRUE(thief.refused);
  EXPECT_EQ(thief.refused->code, ErrorCode::refused);
  RawNode& renamed = world.join({.name = "other", .instance = 4, .secrets = cookie(1)});
  EXPECT_TRUE(renamed.refused);
  world.settle();
  EXPECT_FALSE(holder.close);
}

TEST(Identity, IsStampedByTheControllerAndShownToOthers) {
  World world(with_cookie());
  RawNode& verified = world.join({.name = "a", .secrets = cookie(1)});
  RawNode& stranger = world.join({.name = "b", .secrets = cookie(2)});
  EXPECT_EQ(verified.handshake().welcome().identity.kind, wire::Identity::Kind::cookie);
  EXPECT_TRUE(verified.handshake().controller_verified());
  EXPECT_FALSE(stranger.handshake().controller_verified());
  EXPECT_EQ(stranger.replica.find("a")->identity.kind, wire::Identity::Kind::cookie);
  EXPECT_EQ(stranger.replica.find("b")->identity.kind, wire::Identity::Kind::none);
}

TEST(Admission, NobodyWithoutTheToken) {
  Options options;
  options.secrets.token = "secret";
  World world(options);
  EXPECT_TRUE(world.join({.name = "a"}).refused);
  RawNode& admitted = world.join({.name = "b", .secrets = {.cookie = {}, .token = "secret"}});
  EXPECT_TRUE(admitted.welcomed());
  EXPECT_EQ(admitted.replica.members.size(), 1u);
  world.pass(2s, 100ms);
  EXPECT_EQ(world.controller->stats().refused_sessions, 1u);
}

TEST(Admission, EndsAtTheLimitOfMembers) {
  World world({.max_members = 2});
  RawNode& a = world.join({.name = "a"});
  world.join({.name = "b"});
  RawNode& third = world.join({.name = "c"});
  EXPECT_EQ(third.handshake().close_reason(), base::CloseReason::too_many);
  a.goodbye();
  world.settle();
  EXPECT_TRUE(world.join({.name = "c"}).welcomed());
}

TEST(Admission, EndsAtTheLimitOfUnfinishedHandshakes) {
  World world({.max_handshaking = 3});
  for (int i = 0; i < 3; ++i) world.connect();
  RawNode& refused = world.join({.name = "a"});
  ASSERT_TRUE(refused.refused);
  EXPECT_EQ(refused.handshake().close_reason(), base::CloseReason::too_many);
  world.pass(10s, 1s);
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
  EXPECT_TRUE(world.join({.name = "a"}).welcomed());
}

TEST(Admission, EndsAtTheLimitOfCallbacks) {
  World world({.max_callbacks_per_member = 3});
  RawNode& many = world.join(
      {.name = "a", .callbacks = announce({callback(1, "a"), callback(2, "b"), callback(3, "c"), callback(4, "d")})});
  EXPECT_EQ(many.handshake().close_reason(), base::CloseReason::too_many);
  RawNode& later = world.join({.name = "b", .callbacks = announce({callback(1, "a"), callback(2, "b")})});
  later.say(announce({callback(3, "c")}));
  world.settle();
  EXPECT_FALSE(later.close);
  later.say(announce({callback(4, "d")}));
  world.settle();
  ASSERT_TRUE(later.close);
  EXPECT_EQ(later.close->reason, base::CloseReason::too_many);
}

}  // namespace
}  // namespace daffi::controller
