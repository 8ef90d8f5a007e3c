/// @file  The table of callbacks: what a number finds, and what becomes of those that were replaced.
#include "rpc/callbacks.hpp"

#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

class CallbackTable : public testing::Test {
 protected:
  Callbacks::Added add(const std::string& name) {
    detail::CallbackSpec spec;
    spec.name = name;
    return table.add(std::move(spec));
  }

  Callbacks table;
};

TEST_F(CallbackTable, ANumberOfOneThatWasReplacedFindsTheOneThatHasItsName) {
  const auto first = add("f").id, other = add("g").id, second = add("f").id, third = add("f").id;
  for (const auto id : {first, second, third}) {
    ASSERT_NE(table.find(id), nullptr) << id;
    EXPECT_EQ(table.find(id)->id, third);
  }
  EXPECT_EQ(table.find(other)->id, other);
  EXPECT_EQ(table.all().size(), 2u);
}

TEST_F(CallbackTable, WithItsSuccessorGoneItFindsNobody) {
  const auto first = add("f").id, second = add("f").id;
  EXPECT_NE(table.remove(second), nullptr);
  EXPECT_EQ(table.find(first), nullptr);
  EXPECT_EQ(table.find(second), nullptr);
  const auto third = add("f").id;
  EXPECT_EQ(table.find(first), nullptr) << "what was taken back was not replaced";
  EXPECT_EQ(table.find(third)->id, third);
}

TEST_F(CallbackTable, RemembersWhoeverIsStillInsideOfThoseThatWereReplaced) {
  const auto first = add("f").id;
  const auto inside = table.find(first);
  for (int i = 0; i < 1000; ++i) add("f");
  EXPECT_EQ(table.replaced(first), inside);
  EXPECT_EQ(table.remove(first), nullptr) << "it is not in the table";
}

TEST_F(CallbackTable, ForgetsTheOldestThatNobodyIsInside) {
  const auto first = add("f").id;
  for (int i = 0; i < 1000; ++i) add("f");
  const auto last = add("f").id;
  EXPECT_EQ(table.find(first), nullptr);
  EXPECT_EQ(table.replaced(first), nullptr);
  ASSERT_NE(table.find(last - 1), nullptr);
  EXPECT_EQ(table.find(last - 1)->id, last);
}

}  // namespace
}  // namespace daffi::rpc
