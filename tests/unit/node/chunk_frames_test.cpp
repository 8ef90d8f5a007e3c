/// @file  A node's large values, frame by frame, against a peer that breaks the rules.
#include <gtest/gtest.h>

#include "node_frames_fixture.hpp"

namespace daffi::node {
namespace {

constexpr std::uint64_t kLarge = std::uint64_t{4} << 20;

class ChunkFrames : public NodeFrames {
 protected:
  // What stands behind the head of an announced call or result.
  static std::string total(std::uint64_t bytes) {
    std::string text(sizeof bytes, '\0');
    std::memcpy(text.data(), &bytes, sizeof bytes);
    return text;
  }
  void announce_call(std::uint64_t id, std::uint64_t bytes) {
    send(FrameKind::call, id, wire::kChunked, head("adds", 0) + total(bytes));
  }
  void chunks(std::uint64_t id, std::uint8_t flags, std::size_t count, std::size_t size = wire::kMaxChunk) {
    for (std::size_t i = 0; i < count; ++i) send(FrameKind::chunk, id, flags, std::string(size, 'x'));
  }
  // A call of the raw member's callback that is under way.
  std::shared_ptr<detail::PendingCall> begin(std::size_t argument = 0) {
    detail::CallSpec spec;
    spec.name = "takes";
    Writer arguments(detail::kCallHeadroom);
    arguments.array(1);
    arguments.text(std::string(argument, 'a'));
    arguments.map(0);
    auto called = node_->start_call(std::make_shared<detail::CallSpec>(spec), arguments);
    EXPECT_TRUE(called.ok());
    world_.settle();
    return called.ok() ? *called : nullptr;
  }
  ErrorCode error_of(const std::shared_ptr<detail::PendingCall>& call) const {
    return thrown_by([&] {
      if (const auto error = call->error()) std::rethrow_exception(error);
    });
  }
  bool is_cut_off() {
    const auto before = received(FrameKind::result);
    call("adds", 99, 0);
    return received(FrameKind::result) == before;
  }
};

TEST_F(ChunkFrames, WithinTheirCreditArgumentsOfAnySizeCome) {
  announce_call(5, kLarge);
  for (std::uint64_t sent = 0; sent < kLarge; sent += wire::kMaxChunk) {
    chunks(5, 0, 1);
    world_.settle();
  }
  EXPECT_EQ(received(FrameKind::result) + received(FrameKind::error), 1u);
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_FALSE(is_cut_off());
}

TEST_F(ChunkFrames, MoreArgumentsThanAnnouncedCutTheMemberOff) {
  announce_call(5, 100);
  chunks(5, 0, 1, 101);
  world_.settle();
  EXPECT_EQ(received(FrameKind::refuse), 0u);
  const auto error = raw_->take(FrameKind::error);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->header.id, 5u);
  EXPECT_EQ(code_of(*error), ErrorCode::protocol);
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_EQ(node_->stats().running_calls, 0u);
  EXPECT_TRUE(is_cut_off());
}

TEST_F(ChunkFrames, ChunksLargerThanAnyCutTheMemberOff) {
  announce_call(5, kLarge);
  chunks(5, 0, 1, wire::kMaxChunk + 1);
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  EXPECT_TRUE(is_cut_off());
}

TEST_F(ChunkFrames, AChunkInMemoryThatWasNotOfferedCutsTheMemberOffAndNobodyElse) {
  announce_call(5, kLarge);
  send(FrameKind::chunk, 5, wire::kShared, std::string("\0\0\0\0\1\0\0\0\1\0\0\0", 12));
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_TRUE(is_cut_off());
  EXPECT_EQ(node_->stats().reconnects, 0u);
}

TEST_F(ChunkFrames, AChunkInNoPlaceAtAllCutsTheMemberOff) {
  send(FrameKind::chunk, 5, wire::kShared, "short");
  world_.settle();
  EXPECT_TRUE(is_cut_off());
}

TEST_F(ChunkFrames, AnOfferOfMemoryIsNotTakenWhereNoneIsShared) {
  announce_call(5, 100);
  send(FrameKind::chunk, 5, wire::kOffersMemory, std::string(24 + 100, 'x'));
  world_.settle();
  EXPECT_EQ(received(FrameKind::result) + received(FrameKind::error), 1u) << "its bytes count";
  EXPECT_FALSE(is_cut_off());
}

TEST_F(ChunkFrames, MoreOfAResultThanAnnouncedEndsItsCallAndCutsTheMemberOff) {
  const auto mine = begin();
  const auto other = begin();
  const auto id = raw_->take(FrameKind::call)->header.id;
  send(FrameKind::result, id, wire::kChunked, total(100'000));
  chunks(id, wire::kFromCallee, 1, 60'000);
  chunks(id, wire::kFromCallee, 1, 60'000);
  world_.settle();
  EXPECT_EQ(error_of(mine), ErrorCode::protocol);
  EXPECT_EQ(error_of(other), ErrorCode::protocol) << "nothing of that member is listened to any more";
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_EQ(node_->stats().pending_calls, 0u);
  EXPECT_TRUE(is_cut_off());
}

TEST_F(ChunkFrames, CreditForArgumentsThatWereNotSentCutsTheMemberOff) {
  const auto mine = begin(kLarge);
  const auto id = raw_->take(FrameKind::call)->header.id;
  EXPECT_EQ(received(FrameKind::chunk), wire::kInitialChunkCredit / wire::kMaxChunk);
  grant(id, wire::kFromCallee, {wire::kInitialChunkCredit + 1, 0});
  EXPECT_EQ(error_of(mine), ErrorCode::protocol);
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_TRUE(is_cut_off());
}

TEST_F(ChunkFrames, CreditOfNothingCutsTheMemberOffAndNobodyElse) {
  const auto mine = begin(kLarge);
  grant(raw_->take(FrameKind::call)->header.id, wire::kFromCallee, {0, 0});
  EXPECT_EQ(error_of(mine), ErrorCode::protocol);
  EXPECT_TRUE(is_cut_off());
  EXPECT_EQ(node_->stats().reconnects, 0u);
  EXPECT_NE(raw_->replica.find("node"), nullptr);
}

TEST_F(ChunkFrames, ACallWithoutAProperHeadCutsTheMemberOffAndNobodyElse) {
  send(FrameKind::call, 5, 0, "short");
  world_.pass(100ms);
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  EXPECT_TRUE(is_cut_off());
  EXPECT_EQ(node_->stats().reconnects, 0u);
  EXPECT_NE(raw_->replica.find("node"), nullptr);
}

}  // namespace
}  // namespace daffi::node
