/// @file  Transfers: values of many exchanges side by side, each within its credit, and gone at once when they end.
#include "rpc/transfers.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

namespace daffi::rpc {
namespace {

using What = InTransfers::Taken::What;
constexpr std::size_t kMiB = 1 << 20;

LargeValue value_of(std::size_t size, std::uint8_t seed) {
  base::Slice slice{base::make_block(size), {}};
  for (std::size_t i = 0; i < size; ++i)
    slice.owner[static_cast<std::ptrdiff_t>(i)] = std::byte(seed + i * 7 + i / 255);
  slice.bytes = base::Bytes(slice.owner.get(), size);
  return {.pieces = {std::move(slice)}, .size = size, .lender = nullptr};
}

/// A sender and a receiver; chunks are kept between them until they are delivered.
struct Pair {
  // As a node sends it.
  OutTransfers out{[this](wire::Header header, const base::Slice& bytes, bool) {
    const auto passage = lanes.pass(header.member, bytes.bytes);
    passage.mark(header, bytes.bytes.size());
    std::vector<std::byte> payload(passage.front().begin(), passage.front().end());
    if (!passage.by_memory()) payload.insert(payload.end(), bytes.bytes.begin(), bytes.bytes.end());
    sent.emplace_back(header, base::Slice::copy(payload));
  }};
  OutLanes lanes;
  InTransfers in{16 * kMiB, 32 * kMiB};
  std::deque<std::pair<wire::Header, base::Slice>> sent;
  std::map<std::uint64_t, base::Slice> arrived;

  void start(const TransferKey& key, LargeValue value) {
    std::unique_ptr<Work> none;
    ASSERT_TRUE(in.announce(key, value.size, base::Deadline::never(), none).ok());
    out.add(key, std::move(value));
    out.release(key, 1);
    out.pump();
  }
  void share_memory() {
    lanes.allow(true);
    in.share_memory(true);
  }
  InTransfers::Taken deliver() {
    const auto [header, chunk] = sent.front();
    sent.pop_front();
    const auto bytes = in.locate(header, chunk.bytes, true);
    EXPECT_TRUE(bytes.has_value());
    auto taken = in.take(TransferKey::of_chunk(header), *bytes, (header.flags & wire::kAsksCredit) != 0);
    if (taken.what == What::complete) arrived[header.id] = taken.value.bytes;
    return taken;
  }
  void credit() {
    for (const auto& [key, granted] : in.take_grants()) {
      if (out.credit(key, granted) == OutTransfers::Credited::unknown) out.late_credit(key.member, granted);
    }
    out.pump();
  }
  void settle() {
    while (!sent.empty()) {
      deliver();
      credit();
    }
  }
};

TEST(OutTransfers, SendsNothingBeforeTheAnnouncementHasGone) {
  Pair pair;
  pair.out.add({1, 1, false}, value_of(kMiB, 1));
  pair.out.pump();
  EXPECT_TRUE(pair.sent.empty());
  EXPECT_EQ(pair.out.abort({1, 1, false}).size, kMiB) << "may be sent to somebody else";
  EXPECT_TRUE(pair.out.empty());
}

TEST(OutTransfers, PutsOneWindowOnTheWayAndGoesOnWithCredit) {
  Pair pair;
  const auto value = value_of(3 * kMiB + 5, 1);
  pair.start({1, 7, true}, value);
  std::size_t bytes = 0;
  for (const auto& [header, chunk] : pair.sent) {
    bytes += chunk.bytes.size();
    EXPECT_EQ(header.flags, wire::kFromCallee);
    EXPECT_EQ(header.id, 7u);
    EXPECT_EQ(header.member, 1u);
  }
  EXPECT_EQ(bytes, wire::kInitialChunkCredit);
  pair.settle();
  ASSERT_TRUE(pair.arrived.contains(7));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[7].bytes, value.whole().bytes));
  EXPECT_TRUE(pair.out.empty());
  EXPECT_EQ(pair.in.memory(), 0u);
}

TEST(OutTransfers, SendThroughTheSocketWhereMemoryIsNotTaken) {
  Pair pair;
  pair.lanes.allow(true);
  const auto value = value_of(3 * kMiB + 5, 1);
  pair.start({1, 7, true}, value);
  ASSERT_FALSE(pair.sent.empty());
  EXPECT_EQ(pair.sent.front().first.flags, wire::kFromCallee | wire::kOffersMemory);
  std::size_t offers = 0;
  while (!pair.sent.empty()) {
    offers += (pair.sent.front().first.flags & wire::kOffersMemory) != 0 ? 1 : 0;
    EXPECT_EQ(pair.sent.front().first.flags & wire::kShared, 0) << "the receiver does not share";
    pair.deliver();
    pair.credit();
  }
  EXPECT_EQ(offers, 1u);
  ASSERT_TRUE(pair.arrived.contains(7));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[7].bytes, value.whole().bytes));
}

TEST(OutTransfers, OfMemoryThatIsTakenOnlyPlacesAreSent) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 1, false}, value_of(100'000, 1));
  pair.settle();
  const auto value = value_of(5 * kMiB + 5, 3);
  pair.start({1, 2, false}, value);
  std::size_t bytes = 0;
  while (!pair.sent.empty()) {
    const auto& [header, payload] = pair.sent.front();
    bytes += payload.bytes.size();
    pair.deliver();
    pair.credit();
  }
  EXPECT_LT(bytes, 2000u) << "and the last few bytes of the value";
  ASSERT_TRUE(pair.arrived.contains(2));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[2].bytes, value.whole().bytes));
  EXPECT_EQ(pair.in.memory(), 0u);
}

TEST(OutTransfers, ValuesThatOverlapShareOneLaneAndWhatHasNoRoomThereGoesThroughTheSocket) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 99, false}, value_of(100'000, 1));
  pair.settle();
  std::map<std::uint64_t, LargeValue> values;
  for (std::uint64_t id = 1; id <= 6; ++id) {
    values[id] = value_of(2 * kMiB + id, static_cast<std::uint8_t>(id));
    pair.start({1, id, id % 2 == 0}, values[id]);
  }
  std::size_t placed = 0, sent = 0;
  for (const auto& [header, payload] : pair.sent) ++((header.flags & wire::kShared) != 0 ? placed : sent);
  EXPECT_EQ(placed, kLaneSlots);
  EXPECT_GT(sent, 0u);
  pair.settle();
  for (const auto& [id, value] : values) {
    ASSERT_TRUE(pair.arrived.contains(id)) << id;
    EXPECT_TRUE(std::ranges::equal(pair.arrived[id].bytes, value.whole().bytes)) << id;
  }
}

TEST(OutTransfers, WhatIsOnItsWayOfAnAbortedValueIsNotWrittenOverBeforeItHasBeenRead) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 99, false}, value_of(100'000, 1));
  pair.settle();
  // All of it is on its way when its caller gives up: the receiver, which knows nothing of that, gets it unharmed.
  const auto first = value_of(kMiB, 1);
  pair.start({1, 1, false}, first);
  (void)pair.out.abort({1, 1, false});
  const auto second = value_of(kMiB, 2);
  pair.start({1, 2, false}, second);
  pair.settle();
  ASSERT_TRUE(pair.arrived.contains(1) && pair.arrived.contains(2));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[1].bytes, first.whole().bytes));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[2].bytes, second.whole().bytes));
}

// Another value, whose first chunk has that flag.
void expect_next_begins_with(Pair& pair, std::uint8_t flag) {
  const auto value = value_of(kMiB, 2);
  pair.start({1, 2, false}, value);
  EXPECT_EQ(pair.sent.front().first.flags & flag, flag);
  pair.settle();
  ASSERT_TRUE(pair.arrived.contains(2));
  EXPECT_TRUE(std::ranges::equal(pair.arrived[2].bytes, value.whole().bytes));
}

TEST(OutTransfers, AMemberThatComesBackIsOfferedMemoryAnew) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 1, false}, value_of(kMiB, 1));
  pair.settle();
  pair.out.abort_all_of(1);
  pair.lanes.forget(1);
  pair.in.drop_all_of(1);
  expect_next_begins_with(pair, wire::kOffersMemory);
}

// A snapshot may bring the news of an absence behind what was offered since.
TEST(OutTransfers, GoOnByTheSameMemoryWhenTheirReceiverHearsLateThatTheyWereAway) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 1, false}, value_of(kMiB, 1));
  pair.settle();
  pair.in.drop_all_of(1);
  expect_next_begins_with(pair, wire::kShared);
}

TEST(OutTransfers, GoOnByTheSameMemoryWhenTheReceiverWasAwayAndTheSenderHasNotHeardOfIt) {
  Pair pair;
  pair.share_memory();
  pair.start({1, 1, false}, value_of(kMiB, 1));
  pair.settle();
  pair.in.drop_all();
  expect_next_begins_with(pair, wire::kShared);
}

TEST(InTransfers, AChunkInMemoryThatIsGoneIsThrownAwayUnlessAValueNeedsIt) {
  InTransfers in{16 * kMiB, 32 * kMiB};
  EXPECT_EQ(in.take({1, 1, false}, ChunkBytes::nowhere(100)).what, What::unknown);
  const auto grants = in.take_grants();
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].credit, (Credit{100, 0})) << "its sender counts it";
  std::unique_ptr<Work> none;
  ASSERT_TRUE(in.announce({1, 2, false}, 1000, base::Deadline::never(), none).ok());
  EXPECT_EQ(in.take({1, 2, false}, ChunkBytes::nowhere(100)).what, What::broken);
}

TEST(InTransfers, PlacesInMemoryThatNobodyOfferedAndOffersCutShortAreNone) {
  InTransfers in{16 * kMiB, 32 * kMiB};
  in.share_memory(true);
  const wire::Header shared{.kind = wire::FrameKind::chunk, .flags = wire::kShared, .member = 1, .id = 1};
  EXPECT_FALSE(in.locate(shared, encode_place({kLaneSlots, 100}), true));
  EXPECT_TRUE(in.locate(shared, encode_place({0, 100}), true)->is_nowhere());
  wire::Header offer = shared;
  offer.flags = wire::kOffersMemory;
  const std::vector<std::byte> payload(kOfferSize + 1);
  EXPECT_FALSE(in.locate(offer, base::Bytes(payload).first(kOfferSize), true)) << "no bytes behind it";
  EXPECT_TRUE(in.locate(offer, payload, true)) << "the bytes count, whatever the offer is worth";
  offer.flags |= wire::kShared;
  EXPECT_FALSE(in.locate(offer, payload, true)) << "one or the other";
}

TEST(InTransfers, MemoryThatIsOfferedLateIsNotTaken) {
  InTransfers in{16 * kMiB, 32 * kMiB};
  in.share_memory(true);
  const auto memory = base::SharedMemory::make(kLaneSize);
  const wire::Header offer{.kind = wire::FrameKind::chunk, .flags = wire::kOffersMemory, .member = 1, .id = 1};
  const wire::Header shared{.kind = wire::FrameKind::chunk, .flags = wire::kShared, .member = 1, .id = 1};
  const auto front = encode_offer(memory->name());
  std::vector<std::byte> payload(front.begin(), front.end());
  payload.push_back({});
  for (const bool is_there : {false, true}) {
    EXPECT_TRUE(in.locate(offer, payload, is_there)) << "the bytes count";
    EXPECT_EQ(in.locate(shared, encode_place({0, 100}), true)->is_shared(), is_there);
  }
}

TEST(OutTransfers, KeepsLittleOnTheWayWhileSmallFramesUseTheConnection) {
  Pair pair;
  const auto value = value_of(3 * kMiB + 5, 1);
  pair.out.note_small();
  pair.start({1, 7, true}, value);
  const auto on_the_way = [&] {
    std::size_t bytes = 0;
    for (const auto& [header, chunk] : pair.sent) bytes += chunk.bytes.size();
    return bytes;
  };
  EXPECT_LE(on_the_way(), 128 * 1024u);
  while (!pair.sent.empty()) {
    EXPECT_EQ(pair.sent.front().first.flags, wire::kFromCallee | wire::kAsksCredit);
    pair.deliver();
    pair.out.note_small();
    pair.credit();
    EXPECT_LE(on_the_way(), 128 * 1024u);
  }
  ASSERT_TRUE(pair.arrived.contains(7)) << "each chunk was credited at once";
  EXPECT_TRUE(std::ranges::equal(pair.arrived[7].bytes, value.whole().bytes));
}

TEST(OutTransfers, GoesBackToAWholeWindowWhenNothingSmallComesAnyMore) {
  Pair pair;
  pair.out.note_small();
  pair.start({1, 7, true}, value_of(8 * kMiB, 1));
  std::size_t most = 0;
  while (!pair.sent.empty()) {
    pair.deliver();
    pair.credit();
    std::size_t bytes = 0;
    for (const auto& [header, chunk] : pair.sent) bytes += chunk.bytes.size();
    most = std::max(most, bytes);
  }
  EXPECT_TRUE(pair.arrived.contains(7));
  EXPECT_GT(most, 512 * 1024u);
}

TEST(OutTransfers, AValueThatIsUnderWayWhenSomethingSmallComesGoesOn) {
  Pair pair;
  pair.start({1, 7, true}, value_of(8 * kMiB, 1));
  pair.deliver();
  pair.out.note_small();
  pair.settle();
  EXPECT_TRUE(pair.arrived.contains(7));
}

TEST(OutTransfers, TakesTurnsBetweenValues) {
  Pair pair;
  std::unique_ptr<Work> none;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ASSERT_TRUE(pair.in.announce({1, id, false}, kMiB, base::Deadline::never(), none).ok());
    pair.out.add({1, id, false}, value_of(kMiB, 1));
    pair.out.release({1, id, false}, 1);
  }
  pair.out.pump();
  ASSERT_GE(pair.sent.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(pair.sent[i].first.id, i % 3 + 1);
  pair.settle();
  EXPECT_EQ(pair.arrived.size(), 3u);
}

TEST(OutTransfers, AnAbortedValueIsGivenBackUntilItsLastChunkHasGone) {
  Pair pair;
  pair.start({1, 1, false}, value_of(3 * kMiB, 1));
  pair.start({1, 2, false}, value_of(100'000, 1));
  EXPECT_EQ(pair.out.abort({1, 1, false}).size, 3 * kMiB);
  EXPECT_TRUE(pair.out.abort({1, 2, false}).empty());
  EXPECT_TRUE(pair.out.empty());
}

TEST(OutTransfers, MoreCreditThanHasBeenUsedEndsTheTransfer) {
  Pair pair;
  pair.start({1, 1, false}, value_of(4 * kMiB, 1));
  EXPECT_EQ(pair.out.credit({1, 1, false}, {wire::kInitialChunkCredit + 1, 0}), OutTransfers::Credited::violation);
  EXPECT_TRUE(pair.out.empty());
}

TEST(OutTransfers, LimitsWhatIsOnTheWayToOneMemberWhoeverCountsIt) {
  Pair pair;
  const auto value = value_of(70'000, 1);
  for (std::uint64_t id = 1; id <= 2000; ++id) {
    pair.out.add({1, id, true}, value);
    pair.out.release({1, id, true}, 1);
  }
  pair.out.add({2, 1, true}, value);
  pair.out.release({2, 1, true}, 1);
  pair.out.pump();
  std::size_t to_first = 0, to_second = 0;
  for (const auto& [header, chunk] : pair.sent) (header.member == 1 ? to_first : to_second) += chunk.bytes.size();
  EXPECT_GE(to_first, std::size_t{64} << 20);
  EXPECT_LT(to_first, std::size_t{65} << 20);
  EXPECT_EQ(to_second, 70'000u);
  pair.settle();  // nobody wants them there: all are thrown away, and credited
  EXPECT_TRUE(pair.out.empty());
}

TEST(OutTransfers, AMemberThatIsGoneTakesItsValuesWithIt) {
  Pair pair;
  pair.start({1, 1, false}, value_of(3 * kMiB, 1));
  pair.start({2, 1, false}, value_of(3 * kMiB, 1));
  pair.out.abort_all_of(1);
  EXPECT_TRUE(pair.out.abort({1, 1, false}).empty());
  EXPECT_FALSE(pair.out.abort({2, 1, false}).empty());
}

TEST(InTransfers, RefusesASecondAnnouncementAndWhatIsBeyondItsLimits) {
  InTransfers in(kMiB, 2 * kMiB);
  std::unique_ptr<Work> none;
  const auto announce = [&](std::uint64_t id, std::uint64_t total) {
    const auto result = in.announce({1, id, false}, total, base::Deadline::never(), none);
    return result.ok() ? std::optional<ErrorCode>() : result.failure().code;
  };
  EXPECT_EQ(announce(1, kMiB + 1), ErrorCode::too_large);
  EXPECT_EQ(announce(1, 0), ErrorCode::protocol);
  EXPECT_EQ(announce(1, kMiB), std::nullopt);
  EXPECT_EQ(announce(1, 10), ErrorCode::protocol);
  EXPECT_EQ(announce(2, kMiB), std::nullopt);
  EXPECT_EQ(announce(3, 1), ErrorCode::busy);
  (void)in.drop({1, 1, false}, none);
  EXPECT_EQ(announce(3, 1), std::nullopt);
}

TEST(InTransfers, WhoSendsMoreThanAnnouncedBreaksTheExchangeOnly) {
  InTransfers in(kMiB, 2 * kMiB);
  std::unique_ptr<Work> none;
  ASSERT_TRUE(in.announce({1, 1, false}, 100, base::Deadline::never(), none).ok());
  ASSERT_TRUE(in.announce({1, 2, false}, 100, base::Deadline::never(), none).ok());
  const std::vector<std::byte> bytes(101);
  EXPECT_EQ(in.take({1, 1, false}, base::Bytes(bytes)).what, What::broken);
  EXPECT_EQ(in.take({1, 1, false}, base::Bytes(bytes)).what, What::unknown);
  EXPECT_EQ(in.take({1, 2, false}, base::Bytes(bytes).first(100)).what, What::complete);
  EXPECT_EQ(in.memory(), 0u);
}

TEST(InTransfers, WhoSendsMoreThanCreditBreaksTheExchange) {
  InTransfers in(8 * kMiB, 8 * kMiB);
  std::unique_ptr<Work> none;
  ASSERT_TRUE(in.announce({1, 1, false}, 8 * kMiB, base::Deadline::never(), none).ok());
  const std::vector<std::byte> chunk(wire::kMaxChunk);
  const auto window = [&] {
    What what = What::more;
    for (std::size_t i = 0; i < wire::kInitialChunkCredit / wire::kMaxChunk; ++i) {
      what = in.take({1, 1, false}, base::Bytes(chunk)).what;
    }
    return what;
  };
  const auto granted = [&] {
    std::size_t bytes = 0;
    for (const auto& grant : in.take_grants()) bytes += grant.credit.bytes;
    return bytes;
  };
  EXPECT_EQ(window(), What::more);
  EXPECT_EQ(granted(), wire::kInitialChunkCredit);
  EXPECT_EQ(window(), What::more);
  // The credit that has fallen due was not sent, so nobody can count on it.
  EXPECT_EQ(in.take({1, 1, false}, base::Bytes(chunk)).what, What::broken);
  EXPECT_EQ(granted(), wire::kInitialChunkCredit) << "of what was taken each byte is credited once";
}

TEST(InTransfers, ChunksLargerThanAnyBreakTheExchange) {
  InTransfers in(4 * kMiB, 4 * kMiB);
  std::unique_ptr<Work> none;
  ASSERT_TRUE(in.announce({1, 1, false}, 4 * kMiB, base::Deadline::never(), none).ok());
  EXPECT_EQ(in.take({1, 1, false}, base::Bytes(std::vector<std::byte>(wire::kMaxChunk + 1))).what, What::broken);
}

TEST(InTransfers, EveryByteIsCreditedInTheEnd) {
  InTransfers in(4 * kMiB, 4 * kMiB);
  std::unique_ptr<Work> none;
  const std::vector<std::byte> chunk(60'000);
  const auto granted = [&] {
    std::size_t bytes = 0;
    for (const auto& grant : in.take_grants()) bytes += grant.credit.bytes;
    return bytes;
  };
  (void)in.take({1, 9, false}, base::Bytes(chunk));
  EXPECT_EQ(granted(), 60'000u) << "belongs to nothing";
  ASSERT_TRUE(in.announce({1, 1, false}, 120'000, base::Deadline::never(), none).ok());
  (void)in.take({1, 1, false}, base::Bytes(chunk));
  EXPECT_EQ(granted(), 0u);
  (void)in.take({1, 1, false}, base::Bytes(chunk));
  EXPECT_EQ(granted(), 120'000u) << "complete";
  ASSERT_TRUE(in.announce({1, 2, false}, 120'000, base::Deadline::never(), none).ok());
  (void)in.take({1, 2, false}, base::Bytes(chunk));
  EXPECT_TRUE(in.drop({1, 2, false}, none));
  EXPECT_EQ(granted(), 60'000u) << "dropped";
}

struct Nothing final : Work {
  void run(bool) override {}
  void discard() override {}
};

TEST(InTransfers, ExpiresThoseWhoseTimeIsOver) {
  InTransfers in(kMiB, 4 * kMiB);
  const base::SteadyTime now{std::chrono::seconds(100)};
  const auto announce = [&](std::uint64_t id, base::Deadline deadline) {
    std::unique_ptr<Work> owner = std::make_unique<Nothing>();
    ASSERT_TRUE(in.announce({1, id, false}, 1000, deadline, owner).ok());
    EXPECT_EQ(owner, nullptr);
  };
  announce(1, base::Deadline{now - std::chrono::seconds(1)});
  announce(2, base::Deadline{now + std::chrono::seconds(5)});
  announce(3, base::Deadline::never());
  base::Deadline next;
  EXPECT_EQ(in.drop_expired(now, next).size(), 1u);
  EXPECT_EQ(next.at, now + std::chrono::seconds(5));
  EXPECT_EQ(in.memory(), 2000u);
  EXPECT_EQ(in.drop_owned().size(), 2u);
  EXPECT_TRUE(in.empty());
}

}  // namespace
}  // namespace daffi::rpc
