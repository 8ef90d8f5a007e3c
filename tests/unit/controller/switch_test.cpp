/// @file  The switch: what is delivered, what comes back, and in which order.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

TEST(Switch, CallAndResultFindTheirWayWithTheSendersId) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  a.call(b.id(), 77, "arguments");
  world.settle();
  const auto call = b.take(FrameKind::call);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->header.member, a.id());
  EXPECT_EQ(call->header.id, 77u);
  EXPECT_EQ(call->header.epoch, b.epoch());
  EXPECT_EQ(call->text(), "arguments");
  b.result(a.id(), 77, "42");
  world.settle();
  const auto result = a.take(FrameKind::result);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->header.member, b.id());
  EXPECT_EQ(result->text(), "42");
  EXPECT_EQ(world.controller->stats().frames_switched, 2u);
}

TEST(Switch, EveryKindBetweenNodesIsPassedOnUnread) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  for (const FrameKind kind :
       {FrameKind::call, FrameKind::result, FrameKind::error, FrameKind::cancel, FrameKind::refuse, FrameKind::item,
        FrameKind::end, FrameKind::chunk, FrameKind::credit}) {
    a.send({.kind = kind, .flags = 0x5A, .member = b.id(), .id = 3}, "\xFF\x00not msgpack");
    world.settle();
    const auto frame = b.take(kind);
    ASSERT_TRUE(frame) << wire::to_string(kind);
    EXPECT_EQ(frame->header.flags, 0x5A);
  }
}

TEST(Switch, LargeFramesArriveWholeThroughNarrowStreams) {
  World world;
  RawNode& a = world.join({.name = "a"}, 10'000);
  RawNode& b = world.join({.name = "b"}, 7'000);
  std::string large(wire::kMaxCallPayload, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 + i / 255);
  for (std::uint64_t id = 0; id < 5; ++id) {
    a.call(b.id(), id, large);
    a.call(b.id(), 100 + id, "small");
  }
  world.settle();
  for (std::uint64_t id = 0; id < 5; ++id) {
    EXPECT_EQ(b.take(FrameKind::call)->text(), large);
    EXPECT_EQ(b.take(FrameKind::call)->text(), "small");
  }
}

TEST(Switch, CallToOneselfComesThrough) {
  World world;
  RawNode& a = world.join({.name = "a"});
  a.call(a.id(), 1);
  world.settle();
  EXPECT_TRUE(a.take(FrameKind::call));
}

struct Unreachable {
  const char* what;
  std::uint32_t (*prepare)(World&);
};

void PrintTo(const Unreachable& it, std::ostream* out) { *out << it.what; }

class CallTo : public testing::TestWithParam<Unreachable> {};

TEST_P(CallTo, ComesBackWithItsPayload) {
  World world;
  RawNode& a = world.join({.name = "a"});
  const std::uint32_t target = GetParam().prepare(world);
  world.pass(50ms);
  for (const std::string& payload : {std::string("arguments"), std::string(wire::kMaxCallPayload, 'x')}) {
    a.call(target, 5, payload);
    world.settle();
    const auto bounce = a.take(FrameKind::bounce);
    ASSERT_TRUE(bounce);
    EXPECT_EQ(bounce->header.id, 5u);
    EXPECT_EQ(bounce->header.member, target);
    EXPECT_EQ(bounce->header.epoch, a.epoch());
    EXPECT_EQ(bounce->returned().code, ErrorCode::remote_stopped_not_run);
    EXPECT_FALSE(bounce->returned().text.empty());
    EXPECT_EQ(base::as_text(bounce->returned().call), payload);
  }
  EXPECT_EQ(world.controller->stats().bounced, 2u);
  for (const FrameKind kind : {FrameKind::result, FrameKind::error, FrameKind::cancel, FrameKind::refuse,
                               FrameKind::item, FrameKind::end, FrameKind::chunk, FrameKind::credit}) {
    a.send({.kind = kind, .member = target, .id = 6}, "nobody waits for this");
  }
  world.settle();
  EXPECT_TRUE(a.received.empty());
  EXPECT_EQ(world.controller->stats().dropped_results, 8u);
}

INSTANTIATE_TEST_SUITE_P(Switch, CallTo,
                         testing::Values(Unreachable{"nobody", [](World&) -> std::uint32_t { return 4711; }},
                                         Unreachable{"the controller itself",
                                                     [](World&) -> std::uint32_t { return 0; }},
                                         Unreachable{"one who has left",
                                                     [](World& world) {
                                                       RawNode& b = world.join({.name = "b"});
                                                       b.goodbye();
                                                       return b.id();
                                                     }},
                                         Unreachable{"one whose place another has",
                                                     [](World& world) {
                                                       RawNode& b = world.join({.name = "b"});
                                                       b.goodbye();
                                                       world.settle();
                                                       world.join({.name = "c"});
                                                       return b.id();
                                                     }},
                                         Unreachable{"one who has lost its connection", [](World& world) {
                                                       RawNode& b = world.join({.name = "b"});
                                                       b.drop();
                                                       return b.id();
                                                     }}));

TEST(Switch, FramesOfAnotherEpochAreRefused) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  a.send({.kind = FrameKind::call, .epoch = a.epoch() + 1, .member = b.id(), .id = 1}, "old");
  a.send({.kind = FrameKind::result, .epoch = a.epoch() + 1, .member = b.id(), .id = 2}, "old");
  world.settle();
  EXPECT_TRUE(b.received.empty());
  const auto bounce = a.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(base::as_text(bounce->returned().call), "old");
  EXPECT_EQ(world.controller->stats().dropped_results, 1u);
}

TEST(Switch, EpochsDifferAndAreNeverZero) {
  World first, second;
  EXPECT_NE(first.join({.name = "a"}).epoch(), second.join({.name = "a"}).epoch());
}

TEST(Switch, CallsThatWereNeverSentComeBackBeforeTheDeathIsAnnounced) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 2048);
  world.pass(50ms);
  b.frozen = true;
  for (std::uint64_t id = 0; id < 40; ++id) a.call(b.id(), id, std::string(200, static_cast<char>('a' + id % 26)));
  a.send({.kind = FrameKind::result, .member = b.id(), .id = 1}, "not a call");
  world.settle();
  EXPECT_TRUE(a.received.empty());
  a.order.clear();
  const std::size_t arrived = b.link->in_flight();
  b.drop();
  world.settle();
  std::set<std::uint64_t> returned;
  while (const auto bounce = a.take(FrameKind::bounce)) {
    EXPECT_EQ(base::as_text(bounce->returned().call),
              std::string(200, static_cast<char>('a' + bounce->header.id % 26)));
    returned.insert(bounce->header.id);
  }
  ASSERT_FALSE(returned.empty());
  EXPECT_EQ(*returned.rbegin(), 39u);
  EXPECT_EQ(returned.size(), 40 - *returned.begin()) << "all from the first that had not left";
  const std::size_t frame = wire::kHeaderSize + 200;
  EXPECT_EQ(*returned.begin(), (arrived + frame - 1) / frame) << "the one cut in two may have arrived";
  EXPECT_EQ(a.order.back(), FrameKind::delta);
  EXPECT_EQ(std::count(a.order.begin(), a.order.end(), FrameKind::delta), 1);
}

TEST(Switch, CallsToAMemberWithAFullQueueComeBackBusy) {
  World world({.max_queued_bytes_per_member = 4096});
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 1024);
  b.frozen = true;
  for (std::uint64_t id = 0; id < 20; ++id) a.call(b.id(), id, std::string(1000, 'x'));
  a.result(b.id(), 99, "results pass");
  world.settle();
  const auto bounce = a.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->returned().code, ErrorCode::busy);
  const auto bounced = world.controller->stats().bounced;
  EXPECT_GE(bounced, 13u);
  b.frozen = false;
  world.settle();
  EXPECT_TRUE(b.take(FrameKind::result));
  std::size_t calls = 0;
  while (b.take(FrameKind::call)) ++calls;
  EXPECT_EQ(calls + bounced, 20u);
  a.call(b.id(), 100);
  world.settle();
  EXPECT_TRUE(b.take(FrameKind::call)) << "and it takes calls again";
}

TEST(Switch, SmallFramesOvertakeBulkThatWaitsForItsReceiver) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 50'000);
  world.pass(50ms);
  b.frozen = true;
  for (std::uint64_t id = 1; id <= 8; ++id) {
    a.send({.kind = FrameKind::chunk, .member = b.id(), .id = id}, std::string(60'000, static_cast<char>('a' + id)));
  }
  world.settle();
  a.call(b.id(), 100);
  a.send({.kind = FrameKind::credit, .member = b.id(), .id = 101}, "credit");
  world.settle();
  b.order.clear();
  b.frozen = false;
  world.settle();
  ASSERT_EQ(b.order.size(), 10u);
  EXPECT_EQ(b.order[0], FrameKind::chunk) << "what has begun is finished";
  EXPECT_EQ(b.order[1], FrameKind::call);
  EXPECT_EQ(b.order[2], FrameKind::credit);
  for (std::uint64_t id = 1; id <= 8; ++id) {
    const auto chunk = b.take(FrameKind::chunk);
    EXPECT_EQ(chunk->header.id, id);
    EXPECT_EQ(chunk->text(), std::string(60'000, static_cast<char>('a' + id)));
  }
}

TEST(Switch, WhoHeedsNoCreditIsClosedInsteadOfItsSlowReceiver) {
  World world({.max_bulk_bytes_per_pair = 1 << 20});
  RawNode& greedy = world.join({.name = "greedy"});
  RawNode& honest = world.join({.name = "honest"});
  RawNode& slow = world.join({.name = "slow"}, 10'000);
  world.pass(50ms);
  slow.frozen = true;
  for (std::uint64_t id = 1; id <= 8; ++id) {
    honest.send({.kind = FrameKind::chunk, .member = slow.id(), .id = id}, std::string(60'000, 'h'));
  }
  for (std::uint64_t id = 1; id <= 20; ++id) {
    greedy.send({.kind = FrameKind::chunk, .member = slow.id(), .id = id}, std::string(60'000, 'g'));
  }
  world.settle();
  ASSERT_TRUE(greedy.close);
  EXPECT_EQ(greedy.close->reason, base::CloseReason::protocol_error);
  EXPECT_FALSE(honest.closed);
  EXPECT_FALSE(slow.closed);
  slow.frozen = false;
  world.settle();
  std::size_t from_honest = 0;
  while (const auto chunk = slow.take(FrameKind::chunk)) from_honest += chunk->text() == std::string(60'000, 'h');
  EXPECT_EQ(from_honest, 8u);
}

TEST(Switch, CallsBehindBulkThatNeverLeftComeBack) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"}, 50'000);
  world.pass(50ms);
  b.frozen = true;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    a.send({.kind = FrameKind::chunk, .member = b.id(), .id = id}, std::string(60'000, 'x'));
  }
  world.settle();
  a.call(b.id(), 100, "enclosed");
  world.settle();
  b.drop();
  world.settle();
  const auto bounce = a.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->header.id, 100u);
  EXPECT_EQ(base::as_text(bounce->returned().call), "enclosed");
  EXPECT_FALSE(a.take(FrameKind::bounce)) << "chunks do not come back";
}

TEST(Switch, FloodFromOneDoesNotHoldUpTheOthers) {
  World world;
  RawNode& flood = world.join({.name = "flood"}, 64 << 20);
  RawNode& sink = world.join({.name = "sink"}, 64 << 20);
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b"});
  world.pass(50ms);
  for (int i = 0; i < 20'000; ++i) flood.result(sink.id(), 1, std::string(1000, 'x'));
  flood.pump();
  a.call(b.id(), 1);
  a.pump();
  std::size_t steps = 0;
  while (!b.take(FrameKind::call) && world.loop.step()) {
    b.pump();
    ++steps;
  }
  EXPECT_LE(steps, 5u);
  EXPECT_LT(world.controller->stats().frames_switched, 2'000u);
  world.settle();
  EXPECT_EQ(world.controller->stats().frames_switched, 20'001u);
}

TEST(Switch, NodesThatComeAndGoLeaveEverybodyWithTheSamePicture) {
  World world;
  std::uint32_t random = 12345;
  const auto next = [&](std::uint32_t below) { return (random = random * 1664525 + 1013904223) / 65536 % below; };
  std::map<int, RawNode*> present;
  for (int round = 0; round < 400; ++round) {
    const int who = static_cast<int>(next(30));
    RawNode*& node = present[who];
    if (node == nullptr) {
      node = &world.connect();
      node->start({.name = "n" + std::to_string(who),
                   .instance = static_cast<std::uint8_t>(who + 1),
                   .callbacks = announce({callback(1, "f" + std::to_string(next(5)), "t" + std::to_string(next(4)))})});
    } else if (next(3) == 0 && node->welcomed()) {
      node->say(announce({callback(static_cast<std::uint32_t>(round) + 10, "g" + std::to_string(next(9)))}));
    } else if (next(2) == 0) {
      node->goodbye();
      node->pump();
      node = nullptr;
    } else {
      node->drop();
      node = nullptr;
    }
    world.pass(base::Duration(next(3)) * 7'000'000, 7ms);
  }
  world.pass(20s, 500ms);
  std::set<std::string> names;
  for (const auto& [who, node] : present) {
    if (node != nullptr) names.insert("n" + std::to_string(who));
  }
  const Replica* first = nullptr;
  for (const auto& [who, node] : present) {
    if (node == nullptr) continue;
    EXPECT_EQ(node->replica.names(), names);
    if (first == nullptr) first = &node->replica;
    EXPECT_EQ(node->replica.members, first->members);
  }
  EXPECT_EQ(world.controller->stats().members, names.size());
  EXPECT_EQ(world.joined.size(), world.left.size() + names.size());
}

}  // namespace
}  // namespace daffi::controller
