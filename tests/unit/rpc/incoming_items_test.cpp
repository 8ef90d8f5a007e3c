/// @file  What has come of a stream: whole items and items in parts, in order, and what is granted for them when.
#include "rpc/incoming_items.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "wire/call_messages.hpp"

namespace daffi::rpc {
namespace {

using Put = IncomingItems::Put;
using Taken = IncomingItems::Taken;

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kPartSize = 64 * 1024;

class IncomingItemsTest : public testing::Test {
 protected:
  Put put(std::size_t size, char fill, std::uint8_t flags = 0) {
    const std::vector<std::byte> bytes(size, static_cast<std::byte>(fill));
    return put(bytes, flags);
  }
  Put put(base::Bytes bytes, std::uint8_t flags) {
    std::optional<Credit> grant;
    wire::Header header;
    header.flags = flags;
    const Put result = items_.put(header, bytes, grant);
    note(grant);
    return result;
  }
  // The first part of an item of `total` bytes.
  Put begin(std::uint64_t total, std::size_t size, char fill, std::uint8_t flags = wire::kPart) {
    std::vector<std::byte> bytes(wire::kTotalSize + size, static_cast<std::byte>(fill));
    wire::encode_total(total, std::span(bytes).first<wire::kTotalSize>());
    return put(bytes, flags);
  }
  // As much of an item as credit allows; true when that was all of it.
  bool put_large(std::size_t total, std::size_t& sent, char fill) {
    while (sent < total) {
      const std::size_t front = sent == 0 ? wire::kTotalSize : 0;
      const std::size_t size = std::min(kPartSize, total - sent);
      if (credit_ < front + size) return false;
      credit_ -= front + size;
      const std::uint8_t flags = sent + size < total ? wire::kPart : 0;
      EXPECT_EQ(sent == 0 ? begin(total, size, fill, flags) : put(size, fill, flags), Put::taken);
      sent += size;
    }
    return true;
  }
  // In memory that the sender shares, of which the note 1 says whether it has been given back.
  Put put_shared(base::Bytes bytes, std::uint8_t flags = 0) {
    EXPECT_TRUE(memory_->write(0, bytes));
    std::optional<Credit> grant;
    wire::Header header;
    header.flags = flags;
    const Put result = items_.put(header, ChunkBytes(SharedPlace(view_, 0, 1, ++uses_), bytes.size()), grant);
    EXPECT_EQ(memory_->mapping().note(1), uses_) << "free for the next";
    note(grant);
    return result;
  }
  std::optional<std::size_t> take() {
    base::Bytes item;
    std::optional<Credit> grant;
    const Taken taken = items_.take(item, grant);
    note(grant);
    if (taken != Taken::item) return std::nullopt;
    last_ = item.empty() ? '\0' : static_cast<char>(item.back());
    return item.size();
  }
  void note(const std::optional<Credit>& grant) {
    if (grant) credit_ += grant->bytes;
  }

  const std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(8 * kMiB);
  IncomingItems items_{ValueLimits{4 * kMiB, budget_}};
  const std::shared_ptr<const base::SharedMemory> memory_ = base::SharedMemory::make(200'000);
  const std::shared_ptr<const base::SharedMemoryView> view_ = base::SharedMemoryView::open(memory_->name(), 200'000);
  std::uint32_t uses_ = 0;
  std::size_t credit_ = wire::kInitialCreditBytes;  // of the sender, for what the tests send by put_large()
  char last_ = 0;
};

TEST_F(IncomingItemsTest, PartsAreOneItemBetweenTheOthers) {
  EXPECT_EQ(put(3, 'a'), Put::taken);
  EXPECT_EQ(begin(10, 4, 'b'), Put::taken);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(take(), std::nullopt);
  EXPECT_EQ(put(5, 'b', wire::kPart), Put::taken);
  EXPECT_FALSE(items_.ready());
  EXPECT_EQ(put(1, 'c'), Put::taken);
  EXPECT_EQ(put(2, 'd'), Put::taken);
  items_.end(std::nullopt);
  EXPECT_EQ(take(), 10u);
  EXPECT_EQ(last_, 'c');
  EXPECT_EQ(take(), 2u);
  EXPECT_EQ(take(), std::nullopt);
  EXPECT_FALSE(items_.failure());
  EXPECT_EQ(budget_->used(), 0u);
}

TEST_F(IncomingItemsTest, ItemsOfEverySizeKeepTheirOrder) {
  const std::size_t sizes[] = {3, 100'000, 0, 16'383, 16'384, 70'000, 1};
  for (const std::size_t size : sizes) ASSERT_EQ(put(size, 'a'), Put::taken);
  for (const std::size_t size : sizes) EXPECT_EQ(take(), size);
  EXPECT_EQ(take(), std::nullopt);
}

TEST_F(IncomingItemsTest, ItemsInMemoryThatIsSharedAreCopiedOutOfItAtOnce) {
  const std::vector<std::byte> first(65'541, std::byte{'a'}), second(10, std::byte{'b'});
  EXPECT_EQ(put_shared(first), Put::taken);
  EXPECT_EQ(put_shared(second), Put::taken);
  EXPECT_EQ(put(7, 'c'), Put::taken);
  EXPECT_EQ(take(), first.size());
  EXPECT_EQ(last_, 'a');
  EXPECT_EQ(take(), second.size());
  EXPECT_EQ(last_, 'b');
  EXPECT_EQ(take(), 7u);
}

TEST_F(IncomingItemsTest, PartsMayBeInMemoryThatIsShared) {
  std::vector<std::byte> part(wire::kTotalSize + 60'000, std::byte{'a'});
  wire::encode_total(100'000, std::span(part).first<wire::kTotalSize>());
  EXPECT_EQ(put_shared(part, wire::kPart), Put::taken);
  EXPECT_EQ(put_shared(std::vector<std::byte>(40'000, std::byte{'b'})), Put::taken);
  EXPECT_EQ(take(), 100'000u);
  EXPECT_EQ(last_, 'b');
}

TEST_F(IncomingItemsTest, WhatNobodyWantsGivesItsMemoryBackToo) {
  items_.close();
  EXPECT_EQ(put_shared(std::vector<std::byte>(60'000)), Put::dropped);
}

// Its sender was away: an urgent frame said so, and came before the items.
TEST_F(IncomingItemsTest, AnItemInMemoryThatIsGoneEndsTheStreamAndIsNobodysFault) {
  std::optional<Credit> grant;
  EXPECT_EQ(items_.put({}, ChunkBytes::nowhere(100), grant), Put::refused);
  ASSERT_TRUE(items_.failure());
  EXPECT_EQ(items_.failure()->code, ErrorCode::remote_stopped);
  EXPECT_EQ(put(10, 'x'), Put::dropped) << "nothing comes behind the gap";
  items_.close();
  EXPECT_EQ(items_.put({}, ChunkBytes::nowhere(100), grant), Put::dropped);
}

TEST_F(IncomingItemsTest, AnItemAboveTheWindowComesThroughIt) {
  std::size_t sent = 0;
  EXPECT_TRUE(put_large(3 * kMiB, sent, 'x'));
  EXPECT_EQ(take(), 3 * kMiB);
  EXPECT_EQ(last_, 'x');
}

TEST_F(IncomingItemsTest, NoMoreThanAWindowComesBehindALargeItemThatNobodyTakes) {
  std::size_t first = 0, second = 0;
  EXPECT_TRUE(put_large(2 * kMiB, first, 'x'));
  EXPECT_FALSE(put_large(2 * kMiB, second, 'y'));
  EXPECT_LE(second, wire::kInitialCreditBytes);
  EXPECT_EQ(take(), 2 * kMiB);
  EXPECT_TRUE(put_large(2 * kMiB, second, 'y')) << "the next one comes while the first is in hand";
  EXPECT_EQ(take(), 2 * kMiB);
  EXPECT_EQ(last_, 'y');
  EXPECT_EQ(budget_->used(), 2 * kMiB) << "the first one's place is free again";
}

TEST_F(IncomingItemsTest, SmallItemsBeforeALargeOneNeverStarveIt) {
  for (int round = 0; round < 50; ++round) {
    std::size_t sent = 0;
    const std::size_t before = 100'000;
    ASSERT_GE(credit_, before);
    credit_ -= before;
    ASSERT_EQ(put(before, 'a'), Put::taken);
    ASSERT_EQ(take(), before);
    note(items_.done_with());
    ASSERT_TRUE(put_large(kMiB, sent, 'b'));
    ASSERT_EQ(take(), kMiB);
  }
}

TEST_F(IncomingItemsTest, WhatIsDoneWithIsGrantedBeforeALongWait) {
  EXPECT_EQ(put(250'000, 'a'), Put::taken);
  EXPECT_EQ(put(250'000, 'b'), Put::taken);
  EXPECT_EQ(take(), 250'000u);
  EXPECT_EQ(take(), 250'000u);
  const auto grant = items_.done_with();
  ASSERT_TRUE(grant);
  EXPECT_EQ(*grant, (Credit{500'000, 2}));
  EXPECT_FALSE(items_.done_with());
}

TEST_F(IncomingItemsTest, PartsThatDoNotMakeUpWhatWasAnnouncedAreBroken) {
  EXPECT_EQ(put(7, 'a', wire::kPart), Put::broken) << "no room for its size";
  EXPECT_EQ(begin(0, 1, 'a'), Put::broken);
  EXPECT_EQ(begin(10, 0, 'a'), Put::broken) << "a part of nothing costs nothing";
}

TEST_F(IncomingItemsTest, MorePartsThanAnnouncedAreBroken) {
  EXPECT_EQ(begin(10, 8, 'a'), Put::taken);
  EXPECT_EQ(put(3, 'a'), Put::broken);
}

TEST_F(IncomingItemsTest, FewerPartsThanAnnouncedAreBroken) {
  EXPECT_EQ(begin(10, 8, 'a'), Put::taken);
  EXPECT_EQ(put(1, 'a'), Put::broken);
}

TEST_F(IncomingItemsTest, APartThatIsTheWholeIsNone) {
  EXPECT_EQ(begin(10, 10, 'a'), Put::broken) << "more is said to come, and nothing can";
}

TEST_F(IncomingItemsTest, AnEndInTheMiddleOfAnItemIsAnError) {
  EXPECT_EQ(begin(10, 8, 'a'), Put::taken);
  items_.end(std::nullopt);
  EXPECT_EQ(take(), std::nullopt);
  ASSERT_TRUE(items_.failure());
  EXPECT_EQ(items_.failure()->code, ErrorCode::protocol);
  EXPECT_EQ(budget_->used(), 0u);
}

TEST_F(IncomingItemsTest, ATooLargeItemEndsTheStreamBehindThoseThatCameBefore) {
  EXPECT_EQ(put(3, 'a'), Put::taken);
  EXPECT_EQ(begin(4 * kMiB + 1, 100, 'b'), Put::refused);
  EXPECT_EQ(put(100, 'b', wire::kPart), Put::dropped);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(take(), std::nullopt);
  ASSERT_TRUE(items_.failure());
  EXPECT_EQ(items_.failure()->code, ErrorCode::too_large);
  EXPECT_EQ(budget_->used(), 0u);
}

TEST_F(IncomingItemsTest, OneForWhichThereIsNoRoomNowIsRefused) {
  ASSERT_TRUE(budget_->take(6 * kMiB));
  EXPECT_EQ(begin(3 * kMiB, 100, 'b', wire::kPart | wire::kFromCallee), Put::refused);
  EXPECT_EQ(items_.failure()->code, ErrorCode::result_too_large) << "the callback has run";
}

TEST_F(IncomingItemsTest, PartsCostCreditAsWholeItemsDo) {
  EXPECT_EQ(begin(4 * kMiB, 256 * 1024 - wire::kTotalSize, 'a'), Put::taken);
  items_.close();
  EXPECT_EQ(budget_->used(), 0u);
  EXPECT_EQ(put(256 * 1024, 'a', wire::kPart), Put::dropped);
  EXPECT_EQ(put(256 * 1024, 'a', wire::kPart), Put::dropped);
  EXPECT_EQ(put(256 * 1024, 'a', wire::kPart), Put::violation) << "nothing is granted for what nobody wants";
}

}  // namespace
}  // namespace daffi::rpc
