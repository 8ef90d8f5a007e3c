/// @file  Lanes: a slot belongs to one chunk until that has been credited, and nobody reads where nothing was offered.
#include "rpc/lanes.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace daffi::rpc {
namespace {

constexpr std::uint32_t kMember = 5;
constexpr TransferKey kOne{kMember, 1, false}, kTwo{kMember, 2, true};
constexpr std::size_t kChunk = wire::kMaxChunk;

OutLanes accepted_lane() {
  OutLanes lanes;
  lanes.allow(true);
  EXPECT_TRUE(lanes.offer(kMember));
  lanes.accepted(kMember);
  return lanes;
}

TEST(OutLanes, OffersNothingUntilItMay) {
  OutLanes lanes;
  EXPECT_FALSE(lanes.wants_offer(kMember));
  lanes.allow(true);
  EXPECT_TRUE(lanes.wants_offer(kMember));
}

TEST(OutLanes, OffersOnceAndUsesNothingBeforeItIsAccepted) {
  OutLanes lanes;
  lanes.allow(true);
  ASSERT_TRUE(lanes.offer(kMember));
  EXPECT_FALSE(lanes.wants_offer(kMember));
  EXPECT_FALSE(lanes.place(kOne, kChunk));
  lanes.accepted(kMember);
  EXPECT_TRUE(lanes.place(kOne, kChunk));
}

TEST(OutLanes, WhatNobodyWasOfferedCannotBeAccepted) {
  OutLanes lanes;
  lanes.allow(true);
  lanes.accepted(kMember);
  EXPECT_TRUE(lanes.wants_offer(kMember));
  EXPECT_FALSE(lanes.place(kOne, kChunk));
}

TEST(OutLanes, ASlotIsGivenOnceUntilItsChunkIsCredited) {
  OutLanes lanes = accepted_lane();
  std::vector<bool> given(kLaneSlots, false);
  for (std::size_t i = 0; i < kLaneSlots; ++i) {
    const auto slot = lanes.place(i % 2 == 0 ? kOne : kTwo, kChunk);
    ASSERT_TRUE(slot);
    ASSERT_LT(slot->number, kLaneSlots);
    EXPECT_FALSE(given[slot->number]);
    given[slot->number] = true;
  }
  EXPECT_FALSE(lanes.place(kOne, kChunk)) << "goes through the socket";
  lanes.credited(kTwo, kChunk - 1);
  EXPECT_FALSE(lanes.place(kTwo, kChunk)) << "a part of it may still be to be read";
  lanes.credited(kTwo, 1);
  const auto slot = lanes.place(kTwo, kChunk);
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->number, 1u) << "the first one that kTwo had";
}

TEST(OutLanes, CreditForWhatWentThroughTheSocketFreesNoSlot) {
  OutLanes lanes;
  lanes.allow(true);
  ASSERT_TRUE(lanes.offer(kMember));
  EXPECT_FALSE(lanes.place(kOne, 1000)) << "not accepted yet";
  lanes.accepted(kMember);
  for (std::size_t i = 0; i < kLaneSlots; ++i) ASSERT_TRUE(lanes.place(kOne, kChunk));
  lanes.credited(kOne, 1000);
  EXPECT_FALSE(lanes.place(kOne, 10));
  lanes.credited(kOne, kChunk);
  EXPECT_TRUE(lanes.place(kOne, kChunk));
}

TEST(OutLanes, CreditOfOthersFreesNothing) {
  OutLanes lanes = accepted_lane();
  for (std::size_t i = 0; i < kLaneSlots; ++i) ASSERT_TRUE(lanes.place(kOne, kChunk));
  lanes.credited({kMember, 77, false}, 100 * kChunk);
  lanes.credited({kMember + 1, 1, false}, 100 * kChunk);
  EXPECT_FALSE(lanes.place(kOne, kChunk));
}

TEST(OutLanes, AMemberThatIsBackIsOfferedOtherMemory) {
  OutLanes lanes = accepted_lane();
  const auto before = lanes.place(kOne, kChunk);
  lanes.forget(kMember);
  EXPECT_FALSE(lanes.place(kOne, kChunk));
  ASSERT_TRUE(lanes.wants_offer(kMember));
  const auto name = lanes.offer(kMember);
  ASSERT_TRUE(name && before);
  EXPECT_FALSE(*name == before->memory->name()) << "what was on its way there is not written over";
}

TEST(OutLanes, AreBounded) {
  OutLanes lanes;
  lanes.allow(true);
  for (std::uint32_t member = 1; member <= kMaxOutLanes; ++member) {
    ASSERT_TRUE(lanes.wants_offer(member));
    ASSERT_TRUE(lanes.offer(member));
  }
  EXPECT_FALSE(lanes.wants_offer(kMaxOutLanes + 1));
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
  EXPECT_TRUE(find(kMember, {kLaneSlots - 1, kChunk}));
  EXPECT_FALSE(find(kMember + 1, {0, 1}));
  EXPECT_FALSE(find(kMember, {kLaneSlots, 1}));
  EXPECT_FALSE(find(kMember, {0xffffffff, 1}));
  EXPECT_FALSE(find(kMember, {0, 0}));
  EXPECT_FALSE(find(kMember, {0, kChunk + 1}));
  const auto place = encode_place({0, 1});
  EXPECT_FALSE(lanes.find(kMember, base::Bytes(place).first(7)));
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

TEST(Lanes, OffersAndPlacesComeBackAsTheyWere) {
  const auto memory = base::SharedMemory::make(kLaneSize);
  EXPECT_EQ(decode_offer(encode_offer(memory->name())), memory->name());
  const auto place = decode_place(encode_place({3, 70}));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->slot, 3u);
  EXPECT_EQ(place->size, 70u);
}

}  // namespace
}  // namespace daffi::rpc
