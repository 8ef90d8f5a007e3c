/// @file  Callbacks that name their callers, at the controller: who sees them, and what becomes of calls by others.
#include <gtest/gtest.h>

#include "session/permission.hpp"
#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

Options with_roles() {
  Options options;
  options.secrets = {.token = "all", .roles = {{"operator", "op"}, {"viewer", "view"}}};
  options.require_proof = true;
  return options;
}

session::Secrets token(std::string text) { return {.token = std::move(text)}; }

wire::Registration closed(std::uint32_t id, std::string name, std::vector<std::string> callers = {"role:operator"}) {
  wire::Registration registration = callback(id, std::move(name));
  registration.descriptor.callers = std::move(callers);
  return registration;
}

std::string payload_for(std::uint32_t callback_id) {
  std::array<std::byte, wire::kCallHeadSize> head;
  wire::encode_call_head({.callback_id = callback_id, .remaining_ms = wire::CallHead::kNoLimit}, head);
  return std::string(base::as_text(head)) + "arguments";
}

class Permission : public ::testing::Test {
 protected:
  World world{with_roles()};
  RawNode& owner = world.join(
      {.name = "owner",
       .secrets = token("all"),
       .callbacks = announce({callback(1, "open"), closed(2, "restart"), callback(3, "more"), closed(4, "halt")})});
  RawNode& viewer = world.join({.name = "viewer", .secrets = token("view")});
  RawNode& chief = world.join({.name = "chief", .secrets = token("op")});

  const wire::MemberEntry& owner_as_seen_by(RawNode& node) { return *node.replica.find("owner"); }
};

TEST_F(Permission, TheTokenThatIsProvedGivesTheRole) {
  EXPECT_EQ(viewer.handshake().welcome().identity.role, "viewer");
  EXPECT_EQ(chief.handshake().welcome().identity.role, "operator");
  EXPECT_EQ(owner.handshake().welcome().identity.role, "");
  EXPECT_EQ(chief.handshake().welcome().identity.kind, wire::Identity::Kind::token);
  RawNode& stranger = world.join({.name = "stranger", .secrets = token("guess")});
  EXPECT_FALSE(stranger.welcomed());
}

TEST_F(Permission, OthersSeeThatSomethingIsThereAndNotWhat) {
  const auto& seen = owner_as_seen_by(viewer).callbacks;
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].name, "open");
  EXPECT_EQ(seen[1], (wire::CallbackEntry{2, wire::CallbackEntry::kClosed, session::closed_name("restart")}));
  EXPECT_EQ(seen[2].name, "more");
  EXPECT_EQ(seen[3].name, session::closed_name("halt"));
  for (const auto& [id, descriptor] : viewer.replica.descriptors) EXPECT_TRUE(descriptor.callers.empty());
}

TEST_F(Permission, WhoMayCallSeesWhoElseMay) {
  const auto& seen = owner_as_seen_by(chief).callbacks;
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[1].name, "restart");
  EXPECT_EQ(chief.replica.descriptors.at(seen[1].descriptor_id).callers, std::vector<std::string>{"role:operator"});
}

TEST_F(Permission, ItsOwnerSeesItWhateverItsRole) {
  world.pass(50ms);
  EXPECT_EQ(owner_as_seen_by(owner).callbacks[1].name, "restart");
}

TEST_F(Permission, WhatComesLaterIsShownByTheSameRule) {
  world.pass(50ms);
  owner.say(announce({closed(5, "purge"), callback(6, "list")}));
  world.pass(50ms);
  for (RawNode* node : {&viewer, &chief, &owner}) {
    const auto& seen = owner_as_seen_by(*node).callbacks;
    ASSERT_EQ(seen.size(), 6u);
    EXPECT_EQ(seen[4].name, node == &viewer ? session::closed_name("purge") : "purge");
    EXPECT_EQ(seen[5].name, "list");
  }
  wire::Register removal;
  removal.removed = {2, 5};
  owner.say(removal);
  world.pass(50ms);
  for (RawNode* node : {&viewer, &chief, &owner}) {
    EXPECT_EQ(owner_as_seen_by(*node).callbacks.size(), 4u);
    EXPECT_FALSE(node->closed);
  }
}

TEST_F(Permission, AChangeThatIsShownDifferentlyLeavesNoGapInTheNumbers) {
  world.pass(50ms);
  for (std::uint32_t id = 10; id < 30; ++id) {
    owner.say(announce({id % 2 == 0 ? closed(id, "c" + std::to_string(id)) : callback(id, "o" + std::to_string(id))}));
    world.pass(25ms);
  }
  // The replica checks the numbers and every descriptor.
  EXPECT_EQ(owner_as_seen_by(viewer).callbacks.size(), 24u);
  EXPECT_EQ(owner_as_seen_by(chief).callbacks.size(), 24u);
  EXPECT_EQ(viewer.replica.sequence, chief.replica.sequence);
}

TEST_F(Permission, ACallByOthersComesBackAsNotPermitted) {
  viewer.call(owner.id(), 7, payload_for(2));
  world.settle();
  EXPECT_FALSE(owner.take(FrameKind::call));
  const auto bounce = viewer.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->header.id, 7u);
  EXPECT_EQ(bounce->returned().code, ErrorCode::not_permitted);
  EXPECT_EQ(world.controller->stats().not_permitted, 1u);
  EXPECT_FALSE(viewer.closed) << "to have asked is no offence";
}

TEST_F(Permission, TheLimitsOfACallDoNotHideIt) {
  // Announced, as a stream, and cut short: whatever else is said about the call, its head says which one it is.
  viewer.send({.kind = FrameKind::call, .flags = wire::kChunked, .member = owner.id(), .id = 8}, payload_for(2));
  viewer.send({.kind = FrameKind::call, .member = owner.id(), .id = 9}, payload_for(4));
  world.settle();
  EXPECT_FALSE(owner.take(FrameKind::call));
  EXPECT_EQ(world.controller->stats().not_permitted, 2u);
}

TEST_F(Permission, WhoMayAndWhatIsOpenGoThrough) {
  chief.call(owner.id(), 7, payload_for(2));
  viewer.call(owner.id(), 8, payload_for(1));
  owner.call(owner.id(), 9, payload_for(4));
  world.settle();
  std::size_t calls = 0;
  while (owner.take(FrameKind::call)) ++calls;
  EXPECT_EQ(calls, 3u);
}

TEST_F(Permission, ABroadcastGoesToThoseWhoseCallbackIsOpenToItsCaller) {
  RawNode& other =
      world.join({.name = "other", .secrets = token("all"), .callbacks = announce({callback(1, "restart")})});
  world.pass(50ms);
  const auto broadcast = [&](RawNode& from) {
    auto payload = wire::encode_broadcast_head("restart");
    const std::string call = payload_for(0);
    from.send({.kind = FrameKind::broadcast, .id = 5}, std::string(base::as_text(payload)) + call);
    world.settle();
    return from.take(FrameKind::sent_to)->as<wire::SentTo>().members;
  };
  EXPECT_EQ(broadcast(viewer), std::vector<std::uint32_t>{other.id()});
  EXPECT_EQ(broadcast(chief), (std::vector<std::uint32_t>{owner.id(), other.id()}));
}

TEST_F(Permission, TheDocumentationIsForThoseWhoMayCall) {
  wire::Registration documented = closed(20, "documented");
  documented.doc = "What it does.";
  owner.say(announce({documented}));
  world.pass(50ms);
  const auto text_for = [&](RawNode& node) {
    node.say(wire::Describe{{{owner.id(), 20}}}, 3);
    world.settle();
    return node.take(FrameKind::described)->as<wire::Described>().items.at(0).doc;
  };
  EXPECT_EQ(text_for(viewer), "");
  EXPECT_EQ(text_for(chief), "What it does.");
}

TEST_F(Permission, AListThatNamesNobodyWhoCouldBeIsAProtocolError) {
  RawNode& odd = world.join(
      {.name = "odd", .secrets = token("all"), .callbacks = announce({closed(1, "f", {"everybody and his dog"})})});
  EXPECT_FALSE(odd.welcomed());
  ASSERT_TRUE(odd.close);
}

TEST_F(Permission, AMemberThatComesBackWithAnotherTokenHasAnotherRole) {
  RawNode& first = world.join({.name = "again", .instance = 77, .secrets = token("view")});
  ASSERT_TRUE(first.welcomed());
  RawNode& second = world.join({.name = "again", .instance = 77, .secrets = token("op")});
  EXPECT_FALSE(second.welcomed()) << "the same instance, but not verified as the same";
}

}  // namespace
}  // namespace daffi::controller
