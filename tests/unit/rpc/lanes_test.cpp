/// @file  Lanes: a slot is used again once what it held has been read, and nobody reads where nothing was offered.
#include "rpc/lanes.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

namespace daffi::rpc {
namespace {

constexpr std::uint32_t kMember = 5;
constexpr std::size_t kChunk = wire::kMaxChunk;

std::vector<std::byte> some(std::size_t size, std::uint8_t seed = 1) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte(seed + i * 7 + i / 255);
  return bytes;
}

std::vector<std::byte> contents(const ChunkBytes& bytes) {
  std::vector<std::byte> copied(bytes.size());
  EXPECT_TRUE(bytes.copy(0, copied));
  return copied;
}

bool offers(const Passage& passage) { return !passage.as_it_is() && !passage.by_memory(); }

/// A sender and the receiver of what it offers, as one member of a node knows the other.
class LanePair : public testing::Test {
 protected:
  LanePair() {
    out.allow(true);
    in.allow(true);
  }
  void accept() {
    const auto passage = out.pass(kMember, some(kChunk));
    ASSERT_TRUE(offers(passage));
    ASSERT_TRUE(in.take(kMember, decode_offer(passage.front())));
  }
  Passage pass() { return out.pass(kMember, some(kChunk)); }

  OutLanes out;
  InLanes in;
};

TEST_F(LanePair, OffersNothingUntilItMay) {
  out.allow(false);
  EXPECT_TRUE(pass().as_it_is());
  out.allow(true);
  EXPECT_TRUE(offers(pass()));
}

TEST_F(LanePair, UsesNothingBeforeItIsTaken) {
  const auto offer = pass();
  ASSERT_TRUE(offers(offer));
  EXPECT_TRUE(pass().as_it_is());
  ASSERT_TRUE(in.take(kMember, decode_offer(offer.front())));
  EXPECT_TRUE(pass().by_memory());
}

TEST_F(LanePair, AnOfferThatNobodyTakesIsMadeAgainEverMoreRarely) {
  std::vector<int> made;
  for (int frame = 1; frame <= 1000; ++frame) {
    if (offers(pass())) made.push_back(frame);
  }
  EXPECT_EQ(made, (std::vector<int>{1, 64, 128, 256, 512}));
}

TEST_F(LanePair, WhatIsTooSmallToBeWorthItOrTooLargeGoesAsItIs) {
  accept();
  EXPECT_TRUE(out.pass(kMember, some(kWorthASlot - 1)).as_it_is());
  EXPECT_TRUE(out.pass(kMember, some(kWorthASlot)).by_memory());
  EXPECT_TRUE(out.pass(kMember, some(8), some(kSlotSize - 8)).by_memory());
  EXPECT_TRUE(out.pass(kMember, some(8), some(kSlotSize - 7)).as_it_is());
}

TEST_F(LanePair, BothPartsArriveAsOne) {
  accept();
  const auto first = some(100, 3), rest = some(20'000, 7);
  const auto passage = out.pass(kMember, first, rest);
  const auto found = in.find(kMember, passage.front());
  ASSERT_TRUE(found && found->is_shared());
  auto whole = first;
  whole.insert(whole.end(), rest.begin(), rest.end());
  EXPECT_EQ(contents(*found), whole);
}

TEST_F(LanePair, ASlotIsGivenOnceUntilWhatItHeldIsDoneWith) {
  accept();
  std::deque<ChunkBytes> held;
  std::set<std::uint32_t> slots;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < kLaneSlots; ++i) {
    const auto passage = pass();
    ASSERT_TRUE(passage.by_memory());
    if (i == 0) first = decode_place(passage.front())->use;
    slots.insert(decode_place(passage.front())->slot);
    held.push_back(std::move(*in.find(kMember, passage.front())));
  }
  EXPECT_EQ(slots.size(), kLaneSlots);
  EXPECT_TRUE(pass().as_it_is()) << "all are taken: it goes through the socket";
  held.pop_front();
  const auto passage = pass();
  ASSERT_TRUE(passage.by_memory());
  EXPECT_EQ(decode_place(passage.front())->use, first + 1);
  EXPECT_TRUE(pass().as_it_is());
}

TEST_F(LanePair, WhatIsOnItsWayWhenItsReceiverTurnsAwayIsFreeOnceItHasCome) {
  accept();
  std::vector<Passage> sent;
  for (std::size_t i = 0; i < kLaneSlots; ++i) sent.push_back(pass());
  for (const Passage& passage : sent) (void)in.find(kMember, passage.front());  // nobody wants it
  for (std::size_t i = 0; i < kLaneSlots; ++i) EXPECT_TRUE(pass().by_memory());
}

TEST_F(LanePair, AMemberThatIsBackIsOfferedOtherMemory) {
  accept();
  const auto before = pass();
  const auto place = in.find(kMember, before.front());
  const auto held = contents(*place);
  out.forget(kMember);
  accept();
  for (std::size_t i = 0; i < kLaneSlots; ++i) (void)out.pass(kMember, some(kChunk, 99));
  EXPECT_EQ(contents(*place), held) << "what was on its way there is not written over";
}

TEST_F(LanePair, AreBounded) {
  for (std::uint32_t member = 1; member <= kMaxOutLanes; ++member) {
    ASSERT_TRUE(offers(out.pass(member, some(kChunk))));
  }
  EXPECT_TRUE(out.pass(kMaxOutLanes + 1, some(kChunk)).as_it_is());
  out.forget(3);
  EXPECT_TRUE(offers(out.pass(kMaxOutLanes + 1, some(kChunk))));
}

TEST(InLanes, TakeNothingUntilTheyMay) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  InLanes lanes;
  EXPECT_FALSE(lanes.take(kMember, memory->name()));
  lanes.allow(true);
  EXPECT_TRUE(lanes.take(kMember, memory->name()));
}

TEST(InLanes, OnlyPlacesInAMembersOwnLaneAreFound) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  InLanes lanes;
  lanes.allow(true);
  ASSERT_TRUE(lanes.take(kMember, memory->name()));
  const auto find = [&](std::uint32_t member, LanePlace place) {
    const auto bytes = lanes.find(member, encode_place(place));
    return bytes && bytes->is_shared();
  };
  EXPECT_TRUE(find(kMember, {0, 1}));
  EXPECT_TRUE(find(kMember, {kLaneSlots - 1, kSlotSize}));
  EXPECT_FALSE(find(kMember + 1, {0, 1}));
  EXPECT_FALSE(find(kMember, {kLaneSlots, 1}));
  EXPECT_FALSE(find(kMember, {0xffffffff, 1}));
  EXPECT_FALSE(find(kMember, {0, 0}));
  EXPECT_FALSE(find(kMember, {0, kSlotSize + 1}));
  const auto place = encode_place({0, 1});
  EXPECT_FALSE(lanes.find(kMember, base::Bytes(place).first(11)));
  EXPECT_FALSE(lanes.find(kMember, encode_place({kLaneSlots, 1})));
  EXPECT_TRUE(lanes.find(kMember + 1, place)->is_nowhere());
  lanes.forget(kMember);
  EXPECT_FALSE(find(kMember, {0, 1}));
}

TEST(InLanes, AreBoundedButAMemberMayReplaceItsOwn) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  InLanes lanes;
  lanes.allow(true);
  for (std::uint32_t member = 1; member <= kMaxInLanes; ++member) ASSERT_TRUE(lanes.take(member, memory->name()));
  EXPECT_FALSE(lanes.take(kMaxInLanes + 1, memory->name()));
  EXPECT_TRUE(lanes.take(1, base::SharedMemory::make(kLaneSize)->name()));
}

TEST(InLanes, AMemberThatOffersWithoutEndIsHeardOnlyAfterAnAbsence) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  InLanes lanes;
  lanes.allow(true);
  base::SharedMemoryName nowhere = memory->name();
  nowhere.secret[0] ^= std::byte(1);
  for (std::size_t i = 0; i < kMaxOffers; ++i) ASSERT_FALSE(lanes.take(kMember, nowhere));
  EXPECT_FALSE(lanes.take(kMember, memory->name()));
  EXPECT_TRUE(lanes.take(kMember + 1, memory->name()));
  lanes.forget(kMember);
  EXPECT_TRUE(lanes.take(kMember, memory->name()));
  for (std::size_t i = 0; i < kMaxOffers; ++i) (void)lanes.take(kMember, memory->name());
  EXPECT_FALSE(lanes.take(kMember, memory->name()));
  lanes.allow(true);
  EXPECT_TRUE(lanes.take(kMember, memory->name())) << "of a new connection";
}

TEST(Lanes, OffersAndPlacesComeBackAsTheyWere) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  EXPECT_EQ(decode_offer(encode_offer(memory->name())), memory->name());
  const auto place = decode_place(encode_place({3, 70, 9}));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->slot, 3u);
  EXPECT_EQ(place->size, 70u);
  EXPECT_EQ(place->use, 9u);
}

}  // namespace
}  // namespace daffi::rpc
