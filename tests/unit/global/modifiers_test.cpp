/// @file  What a modifier means for a call.
#include "daffi/modifiers.hpp"

#include <gtest/gtest.h>

#include "daffi/error.hpp"

namespace {

using daffi::Balance;
using daffi::BG;
using daffi::FG;
using daffi::detail::call_spec;
using namespace std::chrono_literals;

template <typename M>
void expect_refusal(const M& modifier, const std::string& words) {
  try {
    (void)call_spec("f", modifier);
    FAIL() << "accepted, not: " << words;
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::invalid_modifier);
    EXPECT_EQ(error.message().substr(0, words.size()), words);
  }
}

TEST(Modifiers, RefuseNegativeTimesNamingTheArgument) {
  expect_refusal(FG{.timeout = -1}, "timeout of FG must not be negative: -1s");
  expect_refusal(BG{.timeout = -2s}, "timeout of BG must not be negative");
  expect_refusal(BG{.eta = -1}, "eta of BG must not be negative");
}

TEST(Modifiers, BindKeyAndStickyBalanceTogether) {
  expect_refusal(FG{.balance = Balance::sticky}, "balance of FG is sticky, so it needs a key");
  expect_refusal(BG{.balance = Balance::random, .key = "k"}, "key of BG only goes with the sticky balance");
  EXPECT_EQ(call_spec("f", FG{.key = "k"}).balance, Balance::sticky);
}

TEST(Modifiers, CarryEveryField) {
  const auto spec = call_spec("f", BG{.timeout = "5s", .eta = 0.5, .return_result = false, .receiver = "p"});
  EXPECT_EQ(spec.name, "f");
  EXPECT_EQ(spec.timeout, 5s);
  EXPECT_EQ(spec.eta, 500ms);
  EXPECT_FALSE(spec.return_result);
  EXPECT_EQ(spec.receiver, "p");
  EXPECT_EQ(spec.balance, Balance::unset);
}

TEST(Modifiers, MeanNothingSpecialByDefault) {
  const auto spec = call_spec("f", FG{});
  EXPECT_EQ(spec.timeout, 0s);
  EXPECT_EQ(spec.eta, 0s);
  EXPECT_TRUE(spec.return_result);
  EXPECT_TRUE(spec.receiver.empty());
}

}  // namespace
