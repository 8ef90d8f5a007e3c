/// @file  One connection's bad days: nonsense, silence, slowness; and the controller's own end.
#include <gtest/gtest.h>

#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

using base::CloseReason;

void expect_unharmed(World& world) {
  RawNode& a = world.join({.name = "unharmed a"});
  RawNode& b = world.join({.name = "unharmed b"});
  a.call(b.id(), 1);
  world.settle();
  EXPECT_TRUE(b.take(FrameKind::call));
}

TEST(Session, NonsenseEndsThatConnectionOnly) {
  for (const std::string& nonsense :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\xFF'), std::string(100'000, '\0'),
        std::string("DAFFI\x01\0\0", 8) + std::string(1000, 'x'), std::string("DAFFI\x02\0\0", 8)}) {
    World world;
    RawNode& node = world.connect();
    node.out.append(base::as_bytes(nonsense));
    world.pass(1500ms, 100ms);
    EXPECT_TRUE(node.closed);
    EXPECT_EQ(world.controller->stats().handshaking, 0u);
    EXPECT_EQ(world.controller->stats().refused_sessions, 1u);
    expect_unharmed(world);
  }
}

TEST(Session, AnotherMajorVersionIsToldSo) {
  World world;
  RawNode& node = world.connect();
  node.out.append(base::Bytes(wire::encode_preamble(wire::kWireMajor + 1)));
  world.settle();
  ASSERT_TRUE(node.close);
  EXPECT_EQ(node.close->reason, CloseReason::unsupported);
}

TEST(Session, SecondHelloEndsTheHandshake) {
  World world;
  RawNode& node = world.connect();
  node.out.append(base::Bytes(wire::encode_preamble()));
  node.say(wire::Hello{.process_name = "a"});
  node.say(wire::Hello{.process_name = "a"});
  world.settle();
  ASSERT_TRUE(node.close);
  EXPECT_EQ(node.close->reason, CloseReason::protocol_error);
}

TEST(Session, HandshakeFramesHaveASmallerLimit) {
  World world;
  RawNode& node = world.connect();
  node.out.append(base::Bytes(wire::encode_preamble()));
  node.send({.kind = FrameKind::hello}, std::string(100'000, 'x'));
  world.settle();
  ASSERT_TRUE(node.close);
  EXPECT_EQ(node.close->reason, CloseReason::protocol_error);
}

TEST(Session, WhatAMemberMayNotSendEndsItsConnection) {
  const std::vector<std::pair<wire::Header, std::string>> offences = {
      {{.kind = FrameKind::hello}, ""},
      {{.kind = FrameKind::welcome}, ""},
      {{.kind = FrameKind::delta}, ""},
      {{.kind = FrameKind::bounce}, "forged"},
      {{.kind = FrameKind::register_}, "nonsense"},
      {{.kind = FrameKind::describe}, "nonsense"},
      {{.kind = FrameKind::call, .member = 1}, std::string(wire::kMaxCallPayload + 1, 'x')},
  };
  for (const auto& [header, payload] : offences) {
    World world;
    RawNode& watcher = world.join({.name = "watcher"});
    RawNode& node = world.join({.name = "a"});
    world.pass(50ms);
    node.send(header, payload);
    world.settle();
    ASSERT_TRUE(node.close) << wire::to_string(header.kind);
    EXPECT_EQ(node.close->reason, CloseReason::protocol_error);
    EXPECT_EQ(watcher.replica.suspended, std::vector{node.id()}) << "announced at once";
    world.pass(2s, 100ms);
    EXPECT_TRUE(node.closed);
    EXPECT_EQ(world.controller->stats().bad_frames, 1u);
    expect_unharmed(world);
  }
}

TEST(Session, BrokenHeaderFromAMemberEndsItsConnection) {
  for (const wire::Header& header : {wire::Header{.size = wire::kMaxFramePayload + 1},
                                     wire::Header{.kind = static_cast<FrameKind>(250)}, wire::Header{.zero = 1}}) {
    World world;
    RawNode& node = world.join({.name = "a"});
    std::array<std::byte, wire::kHeaderSize> bytes;
    wire::encode_header(header, bytes);
    node.out.append(bytes);
    world.settle();
    ASSERT_TRUE(node.close);
    EXPECT_EQ(node.close->reason, CloseReason::protocol_error);
    expect_unharmed(world);
  }
}

TEST(Session, CallbackIdUsedTwiceIsAnOffence) {
  World world;
  RawNode& node = world.join({.name = "a", .callbacks = announce({callback(1, "f")})});
  node.say(announce({callback(1, "g")}));
  world.settle();
  ASSERT_TRUE(node.close);
  EXPECT_EQ(node.close->reason, CloseReason::protocol_error);
}

TEST(Session, UnfinishedHandshakeTimesOutWhereverItStopped) {
  for (int stage = 0; stage < 3; ++stage) {
    World world({.handshake_timeout = 5s});
    RawNode& node = world.connect();
    if (stage >= 1) node.out.append(base::Bytes(wire::encode_preamble()));
    if (stage >= 2) node.say(wire::Hello{.process_name = "a"});
    world.pass(4900ms, 100ms);
    EXPECT_FALSE(node.close);
    EXPECT_EQ(world.controller->stats().handshaking, 1u);
    world.pass(200ms);
    ASSERT_TRUE(node.close);
    EXPECT_EQ(node.close->reason, CloseReason::handshake_timeout);
    world.pass(2s, 100ms);
    EXPECT_TRUE(node.closed);
    EXPECT_EQ(world.controller->stats().handshaking, 0u);
  }
}

TEST(Session, HandshakeByteByByteSucceeds) {
  World world;
  RawNode& node = world.join({.name = "a", .callbacks = announce({callback(1, "f")})}, 1);
  EXPECT_TRUE(node.welcomed());
  EXPECT_EQ(node.replica.members.size(), 1u);
}

TEST(Session, SilentPeerIsPingedAndThenLost) {
  World world({.heartbeat = 15s});
  RawNode& watcher = world.join({.name = "watcher"});
  RawNode& node = world.join({.name = "a"});
  world.pass(60s, 500ms);
  EXPECT_GT(node.pings, 5u) << "it answers, and stays";
  EXPECT_EQ(watcher.replica.names().size(), 2u);
  node.frozen = true;
  world.pass(14s, 500ms);
  EXPECT_TRUE(watcher.replica.suspended.empty());
  world.pass(7s, 500ms);
  EXPECT_EQ(watcher.replica.suspended, std::vector{node.id()});
  world.pass(6s, 500ms);
  EXPECT_EQ(watcher.replica.left_why, std::vector{CloseReason::heartbeat_lost});
}

TEST(Session, EndRightBehindItsLastFrameIsNoticedAtOnce) {
  World world;
  RawNode& watcher = world.join({.name = "watcher"});
  RawNode& node = world.join({.name = "a"});
  world.pass(50ms);
  node.call(watcher.id(), 1);
  node.pump();
  node.drop();
  world.settle();
  EXPECT_TRUE(watcher.take(FrameKind::call));
  EXPECT_EQ(watcher.replica.suspended, std::vector{node.id()});
}

TEST(Session, PingIsAnsweredUnderItsId) {
  World world;
  RawNode& node = world.join({.name = "a"});
  node.send({.kind = FrameKind::ping, .id = 5}, "");
  world.settle();
  EXPECT_EQ(node.pongs, 1u);
}

TEST(Session, MemberThatReadsNothingForTooLongIsASlowConsumer) {
  World world({.heartbeat = 1h, .slow_consumer_limit = 10s});
  RawNode& a = world.join({.name = "a"});
  RawNode& slow = world.join({.name = "slow"}, 1024);
  slow.frozen = true;
  for (int i = 0; i < 10; ++i) a.call(slow.id(), 1, std::string(1000, 'x'));
  world.pass(9900ms, 100ms);
  EXPECT_EQ(world.controller->stats().slow_consumers, 0u);
  world.pass(200ms, 100ms);
  EXPECT_EQ(world.controller->stats().slow_consumers, 1u);
  EXPECT_EQ(a.replica.suspended, std::vector{slow.id()});
  EXPECT_TRUE(a.take(FrameKind::bounce)) << "what it never got comes back";
}

TEST(Session, MemberThatReadsSlowlyIsNotASlowConsumer) {
  World world({.heartbeat = 1h, .slow_consumer_limit = 10s});
  RawNode& a = world.join({.name = "a"});
  RawNode& slow = world.join({.name = "slow"}, 1024);
  slow.frozen = true;
  for (int i = 0; i < 10; ++i) a.call(slow.id(), 1, std::string(1000, 'x'));
  for (int i = 0; i < 5; ++i) {
    world.pass(9s, 1s);
    slow.pump();
    slow.frozen = false;
    slow.pump();
    slow.frozen = true;
  }
  EXPECT_EQ(world.controller->stats().slow_consumers, 0u);
}

TEST(Session, QueueBeyondEveryLimitEndsAtOnce) {
  World world({.max_unread_bytes_per_member = 100'000});
  RawNode& a = world.join({.name = "a"});
  RawNode& slow = world.join({.name = "slow"}, 1024);
  slow.frozen = true;
  for (int i = 0; i < 200; ++i) a.result(slow.id(), 1, std::string(1000, 'x'));
  world.settle();
  EXPECT_EQ(world.controller->stats().slow_consumers, 1u);
  expect_unharmed(world);
}

TEST(Stop, TellsEverybodyAndIsDoneOnce) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& half = world.connect();
  int done = 0;
  world.controller->stop(5s, [&] { ++done; });
  world.controller->stop(5s, [&] { ++done; });
  world.settle();
  ASSERT_TRUE(a.close);
  EXPECT_EQ(a.close->reason, CloseReason::controller_stopped);
  EXPECT_TRUE(half.close);
  EXPECT_EQ(done, 0) << "they have not hung up yet";
  a.drop();
  half.drop();
  world.settle();
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(world.left.empty());
  RawNode& late = world.join({.name = "late"});
  EXPECT_EQ(late.handshake().close_reason(), CloseReason::controller_stopped);
}

TEST(Stop, IsNotHeldUpByAPeerThatReadsNothing) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& frozen = world.join({.name = "frozen"}, 64);
  frozen.frozen = true;
  for (int i = 0; i < 10; ++i) a.call(frozen.id(), 1, std::string(1000, 'x'));
  world.settle();
  int done = 0;
  world.controller->stop(300ms, [&] { ++done; });
  world.pass(250ms);
  EXPECT_EQ(done, 0);
  world.pass(100ms);
  EXPECT_EQ(done, 1);
}

TEST(Stop, WithoutMembersIsDoneAtOnce) {
  World world;
  int done = 0;
  world.controller->stop(5s, [&] { ++done; });
  EXPECT_EQ(done, 0) << "not inside stop()";
  world.settle();
  EXPECT_EQ(done, 1);
}

TEST(Stop, FlushesWhatWasSwitchedBeforeItSaysGoodbye) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 64);
  b.frozen = true;
  a.call(b.id(), 1, std::string(5000, 'x'));
  world.settle();
  world.controller->stop(5s, [] {});
  b.frozen = false;
  world.settle();
  EXPECT_TRUE(b.take(FrameKind::call));
  EXPECT_EQ(b.order.back(), FrameKind::close);
}

TEST(Controller, MayBeDestroyedWithEverythingUnderWay) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 64);
  b.frozen = true;
  world.join({.name = "a"});
  world.connect();
  a.call(b.id(), 1, std::string(5000, 'x'));
  a.say(announce({callback(1, "f")}));
  a.pump();
  world.loop.step();
  world.controller = nullptr;
  world.pass(30s, 1s);
  EXPECT_TRUE(a.closed);
}

}  // namespace
}  // namespace daffi::controller
