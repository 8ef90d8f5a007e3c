/// @file  Assembly: nothing beyond limits is allocated, and what comes whole is one piece.
#include "rpc/assembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "daffi/codec.hpp"

namespace daffi::rpc {
namespace {

constexpr std::size_t kMuch = 1 << 20;

std::shared_ptr<MemoryBudget> budget_of(std::size_t bytes) { return std::make_shared<MemoryBudget>(bytes); }

TEST(Assembly, RefusesWhatIsAboveItsLimitAndTakesNothing) {
  const auto budget = budget_of(1000);
  const auto refused = Assembly::begin(101, 100, budget);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().code, ErrorCode::too_large);
  EXPECT_NE(refused.failure().message.find("101"), std::string::npos);
  EXPECT_NE(refused.failure().message.find("100 "), std::string::npos);
  EXPECT_EQ(Assembly::begin(~std::uint64_t{0}, 100, budget).failure().code, ErrorCode::too_large);
  EXPECT_EQ(Assembly::begin(0, 100, budget).failure().code, ErrorCode::protocol);
  EXPECT_EQ(budget->used(), 0u);
}

TEST(Assembly, RefusesWhatTheBudgetHasNoRoomForUntilSomeIsGivenBack) {
  const auto budget = budget_of(150);
  {
    auto first = Assembly::begin(100, 100, budget);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(Assembly::begin(51, 100, budget).failure().code, ErrorCode::busy);
    EXPECT_TRUE(Assembly::begin(50, 100, budget).ok()) << "and goes at once";
  }
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_TRUE(Assembly::begin(100, 100, budget).ok());
}

TEST(Assembly, AnnouncedGigabytesAllocateNothingByThemselves) {
  const std::size_t much = std::size_t{1} << 40;
  auto assembly = Assembly::begin(much, much, budget_of(much));
  ASSERT_TRUE(assembly.ok());
  EXPECT_EQ(assembly->received(), 0u);
}

TEST(Assembly, MemoryThatIsNotThereIsAnErrorNotAnException) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer ends the process where memory is not there";
#endif
#endif
  const std::size_t much = std::size_t{1} << 60;
  auto assembly = Assembly::begin(much, much, budget_of(much));
  const std::byte one{};
  EXPECT_FALSE(assembly->add(base::Bytes(&one, 1)));
}

TEST(Assembly, RefusesMoreThanWasAnnounced) {
  auto assembly = Assembly::begin(10, 100, budget_of(100));
  const std::vector<std::byte> bytes(11, std::byte{7});
  EXPECT_FALSE(assembly->add(base::Bytes(bytes)));
  EXPECT_FALSE(assembly->add(base::Bytes()));
  EXPECT_TRUE(assembly->add(base::Bytes(bytes).first(6)));
  EXPECT_FALSE(assembly->add(base::Bytes(bytes).first(5)));
  EXPECT_EQ(assembly->received(), 6u);
  EXPECT_FALSE(assembly->complete());
}

TEST(Assembly, PutsChunksTogetherAndKeepsItsPlaceInTheBudgetAsLongAsAsked) {
  const auto budget = budget_of(100);
  BudgetShare share;
  base::Slice value;
  {
    auto assembly = Assembly::begin(10, 100, budget);
    ASSERT_TRUE(assembly->add(base::as_bytes("0123")));
    ASSERT_TRUE(assembly->add(base::as_bytes("456789")));
    ASSERT_TRUE(assembly->complete());
    value = assembly->take().bytes;
    share = assembly->take_share();
  }
  EXPECT_EQ(base::as_text(value.bytes), "0123456789");
  EXPECT_EQ(budget->used(), 10u);
  share = BudgetShare();
  EXPECT_EQ(budget->used(), 0u);
}

// A value with `text` in it, cut into chunks of `step` bytes.
Received put_together(base::Bytes value, std::size_t step, bool apart) {
  auto assembly = Assembly::begin(value.size(), 10'000'000, budget_of(10'000'000), apart);
  for (std::size_t at = 0; at < value.size(); at += step) {
    EXPECT_TRUE(assembly->add(value.subspan(at, std::min(step, value.size() - at))));
  }
  EXPECT_TRUE(assembly->complete());
  return assembly->take();
}

TEST(Assembly, PutsALargeTextWhereItCanBeMovedFrom) {
  std::string text = "h\xc3\xa9llo ";
  while (text.size() < 200'000) text += text;
  for (const bool list : {false, true}) {
    Writer writer;
    if (list) {
      writer.array(3);
      writer.integer(7);
      writer.text(text);
      writer.text("behind");
      writer.map(0);
    } else {
      writer.text(text);
    }
    for (const std::size_t step : {std::size_t{1000}, std::size_t{65'536}, writer.size()}) {
      Received received = put_together(writer.payload(), step, true);
      ASSERT_NE(received.body, nullptr) << step;
      EXPECT_TRUE(received.body->is_utf8);
      EXPECT_EQ(received.bytes.bytes.size() + text.size(), writer.size());
      const char* const memory = received.body->text.data();
      Reader reader(received.bytes.bytes, received.body.get());
      std::size_t count = 0;
      std::int64_t number = 0;
      if (list) {
        ASSERT_TRUE(reader.read_array(count));
        ASSERT_TRUE(reader.read_integer(number));
      }
      std::string taken;
      ASSERT_TRUE(reader.take_text(taken));
      EXPECT_EQ(taken, text);
      EXPECT_EQ(taken.data(), memory) << "moved, not copied";
      std::string behind;
      if (list) {
        EXPECT_TRUE(reader.take_text(behind));
        EXPECT_EQ(behind, "behind");
        EXPECT_TRUE(reader.skip());
      }
      EXPECT_TRUE(reader.expect_end());
    }
  }
}

TEST(Assembly, TakesWhatIsInSharedMemoryWholeAndInPartsAndChecksItsText) {
  constexpr std::size_t kSize = 300'000;
  const std::string text(kSize, 'x');
  Writer writer;
  writer.text(text);
  const base::Bytes whole(writer.buffer());
  const auto memory = base::SharedMemory::make(kSize + 100);
  ASSERT_TRUE(memory && memory->write(100 - 5, whole));
  const std::shared_ptr<const base::SharedMemoryView> view = base::SharedMemoryView::open(memory->name(), kSize + 100);
  ASSERT_TRUE(view);
  for (const bool apart : {true, false}) {
    auto assembly = Assembly::begin(whole.size(), kMuch, budget_of(kMuch), apart);
    for (std::size_t at = 0; at < whole.size(); at += 50'000) {
      const std::size_t size = std::min<std::size_t>(50'000, whole.size() - at);
      ASSERT_TRUE(assembly->add(ChunkBytes(SharedPlace(view, 95 + at, 0, 1), size)));
    }
    ASSERT_TRUE(assembly->complete());
    const Received received = assembly->take();
    ASSERT_EQ(received.body != nullptr, apart);
    if (apart) {
      EXPECT_TRUE(received.body->text == text);
      EXPECT_TRUE(received.body->is_utf8);
    } else {
      EXPECT_TRUE(std::ranges::equal(received.bytes.bytes, whole));
    }
  }
}

TEST(Assembly, MemoryThatCannotBeReadIsAnError) {
  const auto memory = base::SharedMemory::make(100);
  const std::shared_ptr<const base::SharedMemoryView> view = base::SharedMemoryView::open(memory->name(), 100);
  auto assembly = Assembly::begin(1000, kMuch, budget_of(kMuch));
  EXPECT_FALSE(assembly->add(ChunkBytes(SharedPlace(view, 50, 0, 1), 51)));
}

TEST(Assembly, KeepsInOnePieceWhatNobodyAskedToHaveApartOrIsNoLargeText) {
  Writer text;
  text.text(std::string(100'000, 'x'));
  EXPECT_EQ(put_together(text.payload(), 65'536, false).body, nullptr);
  Writer bytes;
  bytes.binary(std::vector<std::byte>(100'000));
  EXPECT_EQ(put_together(bytes.payload(), 65'536, true).body, nullptr);
  Writer small;
  small.array(2000);
  for (int i = 0; i < 2000; ++i) small.text(std::string(50, 'y'));
  EXPECT_EQ(put_together(small.payload(), 65'536, true).body, nullptr);
  Writer two;
  two.array(2);
  two.text(std::string(100'000, 'x'));
  two.text(std::string(100'000, 'x'));
  EXPECT_EQ(put_together(two.payload(), 65'536, true).body, nullptr);
}

TEST(Assembly, LeavesTheRefusalOfTextThatIsNotUtf8ToItsReader) {
  for (const char* wrong : {"\xff", "\xe2\x82"}) {
    std::string text(100'000, 'x');
    text += wrong;
    Writer writer;
    writer.reserve(text.size() + 5);
    for (const int byte : {0xdb, 0, 1, 0x86, 0xa0 + static_cast<int>(text.size() - 100'000)}) {
      writer.extend(1)[0] = static_cast<std::byte>(byte);
    }
    writer.raw(base::as_bytes(text));
    Received received = put_together(writer.payload(), 65'536, true);
    ASSERT_NE(received.body, nullptr);
    EXPECT_FALSE(received.body->is_utf8);
    Reader reader(received.bytes.bytes, received.body.get());
    std::string taken;
    EXPECT_FALSE(reader.take_text(taken));
    EXPECT_EQ(reader.error(), "str is not valid UTF-8");
  }
}

TEST(Assembly, AnAnnouncedTextThatClaimsMoreThanTheValueHasIsNoBody) {
  Writer writer;
  for (const int byte : {0xdb, 0xff, 0xff, 0xff, 0xff}) writer.extend(1)[0] = static_cast<std::byte>(byte);
  writer.extend(100'000);
  Received received = put_together(writer.payload(), 65'536, true);
  EXPECT_EQ(received.body, nullptr);
  Reader reader(received.bytes.bytes);
  EXPECT_FALSE(reader.skip());
}

}  // namespace
}  // namespace daffi::rpc
