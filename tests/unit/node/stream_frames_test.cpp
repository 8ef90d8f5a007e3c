/// @file  A node's streams, frame by frame: against a peer that keeps the rules, and one that breaks them.
#include <gtest/gtest.h>

#include "node_frames_fixture.hpp"

namespace daffi::node {
namespace {

using StreamFrames = NodeFrames;

constexpr std::uint32_t kWants = wire::CallHead::kWantsStream, kTakes = wire::CallHead::kTakesItems;

TEST_F(StreamFrames, AreItemsAndAnEndUnderTheCallsId) {
  call("few", 5, kWants);
  const auto first = raw_->take(FrameKind::item);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.id, 5u);
  EXPECT_EQ(first->header.flags, wire::kFromCallee);
  EXPECT_EQ(first->payload, std::vector<std::byte>{std::byte{0}});
  EXPECT_EQ(received(FrameKind::item), 1u);
  const auto end = raw_->take(FrameKind::end);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header.flags, wire::kFromCallee);
  EXPECT_TRUE(end->payload.empty());
  EXPECT_EQ(received(FrameKind::result), 0u);
}

TEST_F(StreamFrames, StopWhereCreditEndsAndGoOnWithMore) {
  call("numbers", 5, kWants);
  EXPECT_EQ(received(FrameKind::item), wire::kInitialCreditItems);
  grant(5, 0, {100, 10});
  EXPECT_EQ(received(FrameKind::item), wire::kInitialCreditItems + 10u);
  grant(6, 0, {100, 10});  // of a stream that is not there
  EXPECT_EQ(made_, static_cast<int>(wire::kInitialCreditItems) + 11);
  send(FrameKind::cancel, 5, 0);
  world_.settle();
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(node_->stats().running_calls, 0u);
  EXPECT_EQ(received(FrameKind::end), 0u) << "who cancels is told nothing";
}

TEST_F(StreamFrames, CancelThatOvertakesTheRunOfItsCallStopsIt) {
  raw_->call(id_, 5, head("numbers", kWants));
  send(FrameKind::cancel, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::item), 0u);
  EXPECT_EQ(made_, 0);
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, CreditBeyondAnyWindowCutsTheMemberOff) {
  call("numbers", 5, kWants);
  // Bytes alone: what it waits for is items.
  grant(5, 0, {0xFFFFFFFF, 0});
  EXPECT_EQ(gone_, 0);
  grant(5, 0, {0xFFFFFFFF, 0});
  EXPECT_EQ(gone_, 1);
  const auto error = raw_->take(FrameKind::error);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->header.id, 5u);
  EXPECT_EQ(code_of(*error), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u) << "what it sends is dropped";
}

TEST_F(StreamFrames, CreditOfNothingCutsTheMemberOff) {
  call("numbers", 5, kWants);
  grant(5, 0, {0, 0});
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
}

TEST_F(StreamFrames, ItemsBeyondTheirCreditEndTheCallAndCutTheMemberOff) {
  call("holds", 5, kTakes);
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) send(FrameKind::item, 5, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(received(FrameKind::error), 0u);
  ASSERT_EQ(held_.size(), 1u) << "one at a time";
  send(FrameKind::item, 5, 0, "\x90\x80");
  // The first was taken, but nothing has been granted for it yet.
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u);
  held_.clear();
  world_.settle();
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, ItemsAreGrantedAnewAsTheyAreRun) {
  call("adds", 5, kTakes);
  for (int i = 0; i < 1500; ++i) send(FrameKind::item, 5, 0, "\x90\x80");
  world_.settle();
  const auto credit = raw_->take(FrameKind::credit);
  ASSERT_TRUE(credit);
  EXPECT_EQ(credit->header.id, 5u);
  EXPECT_EQ(credit->header.flags, wire::kFromCallee);
  EXPECT_GE(rpc::decode_credit(credit->payload)->items, wire::kInitialCreditItems / 2);
  EXPECT_EQ(received(FrameKind::result), 0u);
  send(FrameKind::end, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::result), 1u);
}

TEST_F(StreamFrames, ItemsMayFollowTheirCallAtOnceAndLateOnesAreDropped) {
  raw_->call(id_, 5, head("adds", kTakes));
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::end, 5, 0);
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::item, 9, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(received(FrameKind::result), 1u);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 2u) << "neither is a crime";
}

TEST_F(StreamFrames, PlainCallOfAStreamIsAnsweredWithAnError) {
  call("numbers", 5, 0);
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::remote_arguments);
  EXPECT_EQ(gone_, 1);
  call("adds", 6, kWants);
  EXPECT_EQ(received(FrameKind::result), 1u) << "else as any call is";
  call("numbers", 7, kTakes);
  send(FrameKind::item, 7, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::remote_arguments);
}

TEST_F(StreamFrames, AsACallerItGrantsWhatItHasTaken) {
  const auto stream = open();
  const auto asked = raw_->take(FrameKind::call).value();
  EXPECT_EQ(wire::decode_call_head(asked.payload)->flags, kWants);
  const auto id = asked.header.id;
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) send(FrameKind::item, id, wire::kFromCallee, "\x07");
  world_.settle();
  EXPECT_EQ(received(FrameKind::credit), 0u);
  std::span<const std::byte> item;
  for (int i = 0; i < 1100; ++i) ASSERT_TRUE(stream->next(item));
  world_.settle();
  const auto credit = raw_->take(FrameKind::credit).value();
  EXPECT_EQ(credit.header.flags, 0);
  EXPECT_EQ(credit.header.id, id);
  EXPECT_EQ(rpc::decode_credit(credit.payload)->items, 1024u);
  send(FrameKind::end, id, wire::kFromCallee);
  world_.settle();
  for (std::uint32_t i = 1100; i < wire::kInitialCreditItems; ++i) ASSERT_TRUE(stream->next(item));
  EXPECT_FALSE(stream->next(item));
  EXPECT_EQ(node_->stats().pending_calls, 0u);
}

TEST_F(StreamFrames, AsACallerItCutsOffWhoSendsTooMuch) {
  const auto stream = open();
  const auto id = raw_->take(FrameKind::call)->header.id;
  for (std::uint32_t i = 0; i <= wire::kInitialCreditItems; ++i) send(FrameKind::item, id, wire::kFromCallee, "\x07");
  world_.settle();
  EXPECT_EQ(received(FrameKind::cancel), 1u);
  std::span<const std::byte> item;
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) ASSERT_TRUE(stream->next(item));
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::protocol);
  // Nor is it called again.
  detail::CallSpec spec;
  spec.name = "takes";
  Writer arguments(detail::kCallHeadroom);
  detail::Reply reply;
  const auto called = node_->call(spec, arguments, reply);
  ASSERT_FALSE(called.ok());
  EXPECT_EQ(called.failure().code, ErrorCode::protocol);
}

TEST_F(StreamFrames, AsACallerItRefusesAResultInPlaceOfAStream) {
  const auto stream = open();
  raw_->result(id_, raw_->take(FrameKind::call)->header.id, "\x07");
  world_.settle();
  std::span<const std::byte> item;
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::result_mismatch);
}

TEST_F(StreamFrames, AsACallerItGivesUpWhenARefusalFollowsAnItem) {
  const auto stream = open();
  const auto asked = raw_->take(FrameKind::call).value();
  send(FrameKind::item, asked.header.id, wire::kFromCallee, "\x07");
  world_.settle();  // a refusal would overtake it
  const auto front = wire::encode_return_head(ErrorCode::busy, "full");
  send(FrameKind::refuse, asked.header.id, 0, std::string(base::as_text(front)) + asked.text());
  world_.settle();
  std::span<const std::byte> item;
  EXPECT_TRUE(stream->next(item));
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::busy);
  EXPECT_EQ(received(FrameKind::call), 0u);
}

TEST_F(StreamFrames, AsACallerItGrantsBeforeItWaitsLong) {
  const auto stream = open();
  const auto id = raw_->take(FrameKind::call)->header.id;
  const std::string item(250'000, '\x07');
  for (int i = 0; i < 2; ++i) send(FrameKind::item, id, wire::kFromCallee, item);
  world_.settle();
  std::span<const std::byte> taken;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(stream->ready() && stream->next(taken));
  ASSERT_FALSE(stream->ready());
  stream->on_ready([] {});
  world_.settle();
  // Too little is left for another one of them.
  EXPECT_EQ(rpc::decode_credit(raw_->take(FrameKind::credit).value().payload)->bytes, 500'000u);
}

TEST_F(StreamFrames, PartsOfAnItemAreOneCallOfTheCallback) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, wire::kPart, std::string("\x0a\0\0\0\0\0\0\0\x90", 9));
  send(FrameKind::item, 5, wire::kPart, "\x80");
  send(FrameKind::item, 5, 0, "12345678");
  send(FrameKind::end, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::result) + received(FrameKind::error), 1u);
  call("adds", 6, 0);
  EXPECT_GE(received(FrameKind::result), 1u) << "no rule was broken";
}

TEST_F(StreamFrames, PartsThatDoNotMakeUpAnItemCutTheMemberOff) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, wire::kPart, std::string("\x03\0\0\0\0\0\0\0\x90", 9));
  send(FrameKind::item, 5, 0, "\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u);
}

TEST_F(StreamFrames, PartsBeyondTheirCreditCutTheMemberOff) {
  call("holds", 5, kTakes);
  // While the first call holds, one large item may come; of the one behind it only what the window has room for.
  send(FrameKind::item, 5, 0, "\x90\x80");
  const std::string rest(64 * 1024, 'x');
  const auto front = std::string("\0\0\x01\0\0\0\0\0", 8);  // 64 KiB
  int sent = 0;
  while (received(FrameKind::error) == 0 && sent < 100) {
    send(FrameKind::item, 5, wire::kPart, front + "x");
    send(FrameKind::item, 5, 0, rest.substr(1));
    ++sent;
    world_.settle();
  }
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  EXPECT_LE(sent, 10);
  held_.clear();
  world_.settle();
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, AnItemWithoutRoomEndsTheCallWithItsError) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::item, 5, wire::kPart, std::string("\0\0\0\0\x01\0\0\0\x90", 9));  // 4 GiB
  send(FrameKind::item, 5, wire::kPart, "\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::result_too_large) << "items before it ran";
  EXPECT_EQ(node_->stats().running_calls, 0u);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 1u) << "which is no crime";
}

TEST_F(StreamFrames, AsASourceItSendsItemsAndAnEndAndWaitsForTheResult) {
  const auto fed = feed(3);
  const auto asked = raw_->take(FrameKind::call).value();
  EXPECT_EQ(asked.payload.size(), wire::kCallHeadSize);
  EXPECT_EQ(wire::decode_call_head(asked.payload)->flags, kTakes);
  EXPECT_EQ(received(FrameKind::item), 3u);
  EXPECT_EQ(raw_->take(FrameKind::item)->header.flags, 0);
  EXPECT_EQ(raw_->take(FrameKind::end)->header.id, asked.header.id);
  EXPECT_FALSE(fed->ready());
  EXPECT_EQ(gone_, 1);
  raw_->result(id_, asked.header.id, "\xc0");
  world_.settle();
  EXPECT_TRUE(fed->ready());
  EXPECT_EQ(fed->error(), nullptr);
}

TEST_F(StreamFrames, AsASourceItEndsWithARefusalAndWithAnAnswerThatComesTooEarly) {
  auto fed = feed(1'000'000);
  auto asked = raw_->take(FrameKind::call).value();
  const auto front = wire::encode_return_head(ErrorCode::busy, "full");
  send(FrameKind::refuse, asked.header.id, 0, std::string(base::as_text(front)) + asked.text());
  world_.settle();
  EXPECT_EQ(thrown_by([&] { fed->wait(std::nullopt); }), ErrorCode::busy);
  EXPECT_EQ(gone_, 1);

  fed = feed(1'000'000);
  asked = raw_->take(FrameKind::call).value();
  raw_->result(id_, asked.header.id, "\xc0");
  world_.settle();
  EXPECT_EQ(thrown_by([&] { fed->wait(std::nullopt); }), ErrorCode::protocol);
  EXPECT_EQ(gone_, 2);
}

}  // namespace
}  // namespace daffi::node
