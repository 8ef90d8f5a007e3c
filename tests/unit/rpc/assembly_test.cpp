/// @file  Assembly: nothing beyond limits is allocated, and what comes whole is one piece.
#include "rpc/assembly.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace daffi::rpc {
namespace {

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
  EXPECT_FALSE(assembly->add({&one, 1}));
}

TEST(Assembly, RefusesMoreThanWasAnnounced) {
  auto assembly = Assembly::begin(10, 100, budget_of(100));
  const std::vector<std::byte> bytes(11, std::byte{7});
  EXPECT_FALSE(assembly->add(bytes));
  EXPECT_FALSE(assembly->add({}));
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
    value = assembly->take();
    share = assembly->take_share();
  }
  EXPECT_EQ(base::as_text(value.bytes), "0123456789");
  EXPECT_EQ(budget->used(), 10u);
  share = BudgetShare();
  EXPECT_EQ(budget->used(), 0u);
}

}  // namespace
}  // namespace daffi::rpc
