/// @file  Tests of the credit accounts.
#include "rpc/credit.hpp"

#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

TEST(OutCredit, SpendsAllOrNothing) {
  OutCredit credit({100, 2});
  EXPECT_TRUE(credit.spend({60, 1}));
  EXPECT_FALSE(credit.spend({41, 1}));
  EXPECT_EQ(credit.available(), (Credit{40, 1}));
  EXPECT_TRUE(credit.spend({40, 1}));
  EXPECT_FALSE(credit.spend({0, 1}));
}

TEST(OutCredit, WakesOnceWhenWhatWasRefusedIsCovered) {
  OutCredit credit({10, 1});
  ASSERT_FALSE(credit.spend({50, 1}));
  EXPECT_EQ(credit.add({20, 0}), OutCredit::Added::enough) << "30 do not cover 50";
  EXPECT_EQ(credit.add({20, 0}), OutCredit::Added::wake);
  EXPECT_EQ(credit.add({20, 0}), OutCredit::Added::enough) << "told once";
  EXPECT_TRUE(credit.spend({50, 1}));
}

TEST(OutCredit, WaitsForItemsAsForBytes) {
  OutCredit credit({100, 0});
  ASSERT_FALSE(credit.spend({1, 1}));
  EXPECT_EQ(credit.add({1000, 0}), OutCredit::Added::enough);
  EXPECT_EQ(credit.add({0, 1}), OutCredit::Added::wake);
}

TEST(OutCredit, TakesCreditThatOverflowsForAViolation) {
  OutCredit credit;
  EXPECT_EQ(credit.add({0xFFFFFFFF, 0}), OutCredit::Added::violation);
  EXPECT_EQ(credit.add({0, 0xFFFFFFFF}), OutCredit::Added::violation);
  EXPECT_EQ(credit.available(), kInitialCredit) << "a violation changes nothing";
  EXPECT_EQ(credit.add({0xFFF00000, 0}), OutCredit::Added::enough);
}

TEST(OutCredit, SpendsBytesInWorthwhileSteps) {
  OutCredit credit({64 * 1024 + 100, 0});
  EXPECT_EQ(credit.spend_bytes(64 * 1024), 64u * 1024);
  EXPECT_EQ(credit.spend_bytes(64 * 1024), 0u) << "100 bytes are no chunk";
  EXPECT_EQ(credit.add({16 * 1024, 0}), OutCredit::Added::wake);
  EXPECT_EQ(credit.spend_bytes(40), 40u) << "unless they are the last";
}

TEST(InCredit, RefusesWhatWasNotGranted) {
  InCredit credit({100, 2});
  EXPECT_TRUE(credit.take({100, 1}));
  EXPECT_FALSE(credit.take({1, 1}));
  EXPECT_TRUE(credit.take({0, 1}));
  EXPECT_FALSE(credit.take({0, 1}));
}

TEST(InCredit, GrantsNothingUntilHalfOfTheWindowIsUsedUp) {
  InCredit credit({100, 100});
  ASSERT_TRUE(credit.take({80, 3}));
  EXPECT_EQ(credit.used({49, 1}), std::nullopt);
  EXPECT_EQ(credit.used({1, 1}), (Credit{50, 2}));
  EXPECT_EQ(credit.used({30, 1}), std::nullopt) << "counted anew";
  EXPECT_EQ(credit.granted(), (Credit{70, 99}));
}

TEST(InCredit, GrantsForItemsOfNoBytes) {
  InCredit credit({100, 4});
  ASSERT_TRUE(credit.take({0, 2}));
  EXPECT_EQ(credit.used({0, 1}), std::nullopt);
  EXPECT_EQ(credit.used({0, 1}), (Credit{0, 2}));
}

TEST(Credit, NeverHoldsMoreThanTheWindowWhateverTheSpeed) {
  OutCredit out({1000, 10});
  InCredit in({1000, 10});
  std::uint64_t held = 0;
  for (int round = 0; round < 1000; ++round) {
    while (out.spend({90, 1})) {
      ASSERT_TRUE(in.take({90, 1}));
      held += 90;
    }
    ASSERT_LE(held, 1000u);
    ASSERT_GT(held, 0u) << "the sender ran dry for ever";
    held -= 90;
    if (const auto grant = in.used({90, 1})) {
      ASSERT_NE(out.add(*grant), OutCredit::Added::violation);
    }
  }
}

TEST(CreditFrame, ReadsWhatItWrote) {
  EXPECT_EQ(decode_credit(encode_credit({70000, 3})), (Credit{70000, 3}));
  EXPECT_EQ(encode_credit({0x01020304, 5})[0], std::byte{4});
}

TEST(CreditFrame, RefusesOtherSizesAndNothing) {
  const std::array<std::byte, 9> bytes{std::byte{1}};
  EXPECT_EQ(decode_credit(base::Bytes(bytes)), std::nullopt);
  EXPECT_EQ(decode_credit(base::Bytes(bytes).first(7)), std::nullopt);
  EXPECT_EQ(decode_credit(encode_credit({})), std::nullopt);
}

}  // namespace
}  // namespace daffi::rpc
