/// @file  Broadcasts at the controller: who gets the call, what the caller is told, and in which order.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

using Ids = std::vector<std::uint32_t>;

std::string broadcast_payload(std::string_view name, std::string_view arguments, wire::CallHead head = {}) {
  auto bytes = wire::encode_broadcast_head(name);
  bytes.resize(bytes.size() + wire::kCallHeadSize);
  wire::encode_call_head(head, std::span(bytes).last<wire::kCallHeadSize>());
  return std::string(base::as_text(bytes)) + std::string(arguments);
}

void broadcast(RawNode& from, std::uint64_t id, std::string_view name = "f", std::string_view arguments = "arguments") {
  from.send({.kind = FrameKind::broadcast, .id = id}, broadcast_payload(name, arguments, {.remaining_ms = 1500}));
}

Persona holder(std::string name, std::uint32_t callback_id, std::string callback_name = "f") {
  return {.name = std::move(name), .callbacks = announce({callback(callback_id, std::move(callback_name))})};
}

std::optional<Ids> sent_to(RawNode& node, std::uint64_t id) {
  const auto answer = node.take(FrameKind::sent_to);
  if (!answer || answer->header.id != id || answer->header.member != wire::kControllerMember) return std::nullopt;
  return answer->as<wire::SentTo>().members;
}

// What one member got: the callback id and the arguments.
std::pair<std::uint32_t, std::string> call_at(RawNode& node, RawNode& caller, std::uint64_t id) {
  const auto call = node.take(FrameKind::call);
  if (!call || call->header.member != caller.id() || call->header.id != id || call->header.epoch != node.epoch()) {
    return {0, "no such call"};
  }
  const auto head = wire::decode_call_head(call->payload);
  if (!head || head->remaining_ms != 1500) return {0, "a broken head"};
  return {head->callback_id, call->text().substr(wire::kCallHeadSize)};
}

TEST(Broadcast, ToNobodyIsAnsweredAllTheSame) {
  World world;
  RawNode& a = world.join(holder("a", 1));
  broadcast(a, 5);
  world.settle();
  EXPECT_EQ(sent_to(a, 5), Ids{});
  EXPECT_FALSE(a.take(FrameKind::call)) << "not to itself";
}

struct Broken {
  const char* what;
  std::uint8_t flags;
  std::string payload;
};
void PrintTo(const Broken& it, std::ostream* out) { *out << it.what; }

class BrokenBroadcast : public testing::TestWithParam<Broken> {};

TEST_P(BrokenBroadcast, EndsItsSendersConnectionAndNobodyElses) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join(holder("b", 1));
  a.send({.kind = FrameKind::broadcast, .flags = GetParam().flags, .id = 5}, GetParam().payload);
  world.settle();
  ASSERT_TRUE(a.close);
  EXPECT_EQ(a.close->reason, base::CloseReason::protocol_error);
  EXPECT_FALSE(b.take(FrameKind::call));
  EXPECT_FALSE(b.closed);
}

INSTANTIATE_TEST_SUITE_P(
    Broadcast, BrokenBroadcast,
    testing::Values(Broken{"empty", 0, ""}, Broken{"a name and no call", 0, std::string("\x01\0f", 3)},
                    Broken{"a name that is cut off", 0, std::string("\xFF\xFF", 2)},
                    Broken{"a name that is too long", 0, std::string("\x01\x01", 2) + std::string(257 + 16, 'n')},
                    Broken{"a callback id", 0, broadcast_payload("f", "", {.callback_id = 1})},
                    Broken{"announced in chunks", wire::kChunked, broadcast_payload("f", "")},
                    Broken{"too long for a call", 0,
                           broadcast_payload("f", std::string(wire::kMaxCallPayload - wire::kCallHeadSize + 1, 'x'))}));

TEST(Broadcast, GoesToEveryOtherHolderUnderItsOwnCallbackId) {
  World world;
  RawNode& a = world.join(holder("a", 9));
  RawNode& b = world.join(holder("b", 1));
  RawNode& c = world.join(holder("c", 2, "g"));
  RawNode& d = world.join(holder("d", 3));
  broadcast(a, 77);
  world.settle();
  EXPECT_EQ(sent_to(a, 77), (Ids{b.id(), d.id()}));
  EXPECT_EQ(call_at(b, a, 77), std::pair(1u, std::string("arguments")));
  EXPECT_EQ(call_at(d, a, 77), std::pair(3u, std::string("arguments")));
  EXPECT_FALSE(c.take(FrameKind::call));
  EXPECT_FALSE(a.take(FrameKind::call));
  EXPECT_EQ(world.controller->stats().frames_switched, 2u);
}

TEST(Broadcast, FollowsWhatIsRegisteredNow) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join(holder("b", 1));
  wire::Register changes = announce({callback(2, "f")});
  b.say(changes);  // the last registration of a name wins
  world.settle();
  broadcast(a, 1);
  world.settle();
  EXPECT_EQ(sent_to(a, 1), Ids{b.id()});
  EXPECT_EQ(call_at(b, a, 1).first, 2u);
  wire::Register removal;
  removal.removed = {2};
  b.say(removal);
  world.settle();
  broadcast(a, 2);
  world.settle();
  EXPECT_EQ(sent_to(a, 2), Ids{});
}

TEST(Broadcast, PassesOverWhoCannotTakeIt) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join(holder("b", 1));
  RawNode& draining = world.join(holder("draining", 1));
  RawNode& suspended = world.join(holder("suspended", 1));
  RawNode& gone = world.join(holder("gone", 1));
  wire::Register last;
  last.flags = wire::Register::kDraining;
  draining.say(last);
  suspended.drop();
  gone.goodbye();
  world.settle();
  broadcast(a, 1);
  world.settle();
  EXPECT_EQ(sent_to(a, 1), Ids{b.id()});
  EXPECT_TRUE(b.take(FrameKind::call));
  EXPECT_FALSE(draining.take(FrameKind::call));
}

TEST(Broadcast, OfAnotherEpochReachesNobody) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join(holder("b", 1));
  a.send({.kind = FrameKind::broadcast, .epoch = a.epoch() + 1, .id = 5}, broadcast_payload("f", ""));
  world.settle();
  EXPECT_EQ(sent_to(a, 5), Ids{});
  EXPECT_FALSE(b.take(FrameKind::call));
}

// Nothing has been announced to anybody when the broadcast comes: all joined in this very round.
TEST(Broadcast, ShowsCallerAndHoldersToEachOtherFirst) {
  World world({.delta_delay = 1h});
  RawNode& b = world.join(holder("b", 1));
  world.pass(1ms);
  RawNode& a = world.join({.name = "a"});
  RawNode& c = world.join(holder("c", 1));
  ASSERT_EQ(b.replica.find("a"), nullptr);
  ASSERT_EQ(a.replica.find("c"), nullptr);
  broadcast(a, 1);
  world.settle();
  EXPECT_EQ(sent_to(a, 1), (Ids{b.id(), c.id()}));
  EXPECT_NE(a.replica.find("c"), nullptr);
  EXPECT_NE(b.replica.find("a"), nullptr);
  const auto position = [](const RawNode& node, FrameKind kind) {
    return std::find(node.order.rbegin(), node.order.rend(), kind) - node.order.rbegin();
  };
  EXPECT_GT(position(b, FrameKind::delta), position(b, FrameKind::call)) << "the call comes behind the news";
  EXPECT_GT(position(a, FrameKind::delta), position(a, FrameKind::sent_to));
}

TEST(Broadcast, AnswersComeBehindTheListOfThoseWhoAnswer) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join(holder("b", 1));
  broadcast(a, 1);
  b.result(a.id(), 1, "early");  // as quickly as can be
  world.settle();
  std::vector<FrameKind> kinds;
  for (const FrameKind kind : a.order) {
    if (kind == FrameKind::sent_to || kind == FrameKind::result) kinds.push_back(kind);
  }
  EXPECT_EQ(kinds, (std::vector{FrameKind::sent_to, FrameKind::result}));
}

TEST(Broadcast, BouncesFromAMemberWhoseQueueIsFullAndReachesTheOthers) {
  World world({.max_queued_bytes_per_member = 64 * 1024});
  RawNode& a = world.join({.name = "a"});
  RawNode& full = world.join(holder("full", 1), 1000);
  RawNode& b = world.join(holder("b", 2));
  full.frozen = true;
  const std::string large(wire::kMaxCallPayload - wire::kCallHeadSize, 'x');
  a.call(full.id(), 1, large);
  world.settle();
  broadcast(a, 2, "f", large);
  world.settle();
  EXPECT_EQ(sent_to(a, 2), (Ids{full.id(), b.id()}));
  const auto bounce = a.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->header.id, 2u);
  EXPECT_EQ(bounce->header.member, full.id());
  EXPECT_EQ(bounce->returned().code, ErrorCode::busy);
  const auto head = wire::decode_call_head(bounce->returned().call);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->callback_id, 1u);
  EXPECT_EQ(base::as_text(bounce->returned().call.subspan(wire::kCallHeadSize)), large);
  EXPECT_EQ(call_at(b, a, 2), std::pair(2u, large));
}

TEST(Broadcast, ComesBackFromAMemberThatDiesBeforeItWasSent) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& slow = world.join(holder("slow", 1), 1000);
  RawNode& b = world.join(holder("b", 2));
  slow.frozen = true;
  a.call(slow.id(), 1, std::string(100'000, 'x'));
  broadcast(a, 2);
  world.settle();
  slow.drop();
  world.settle();
  EXPECT_EQ(sent_to(a, 2), (Ids{slow.id(), b.id()}));
  const auto bounce = a.take(FrameKind::bounce);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->header.id, 2u);
  EXPECT_EQ(bounce->header.member, slow.id());
  EXPECT_EQ(bounce->returned().code, ErrorCode::remote_stopped_not_run);
}

TEST(Broadcast, OfLargeArgumentsArrivesWholeAtManyThroughNarrowStreams) {
  World world;
  RawNode& a = world.join({.name = "a"}, 10'000);
  std::vector<RawNode*> holders;
  for (std::uint32_t i = 1; i <= 20; ++i) {
    holders.push_back(&world.join(holder("holder " + std::to_string(i), i), 5'000 + 331 * i));
  }
  std::string large(wire::kMaxCallPayload - wire::kCallHeadSize, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 + i / 255);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    broadcast(a, id, "f", large);
    broadcast(a, 100 + id, "f", "small");
  }
  world.settle();
  for (std::uint32_t i = 0; i < holders.size(); ++i) {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      EXPECT_EQ(call_at(*holders[i], a, id), std::pair(i + 1, large));
      EXPECT_EQ(call_at(*holders[i], a, 100 + id), std::pair(i + 1, std::string("small")));
    }
  }
}

}  // namespace
}  // namespace daffi::controller
