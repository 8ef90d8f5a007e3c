/// @file  Tests of finding near names.
#include "base/similar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daffi::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kNames{"add_item", "get_items", "clear_items", "sum", "get_menu"};

TEST(Similar, NothingNearIsNoSuggestion) {
  EXPECT_THAT(similar_names("launch_rocket", kNames), IsEmpty());
  EXPECT_THAT(similar_names("", kNames), IsEmpty());
  EXPECT_THAT(similar_names("sum", std::vector<std::string>{}), IsEmpty());
}

TEST(Similar, OneSlipIsFound) {
  EXPECT_THAT(similar_names("get_item", kNames), ElementsAre("get_items"));
  EXPECT_THAT(similar_names("SUM", kNames), ElementsAre("sum"));
}

TEST(Similar, DistanceStopsAtItsLimit) {
  EXPECT_EQ(edit_distance("abc", "abc", 5), 0u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 2u);
  EXPECT_EQ(edit_distance(std::string(100'000, 'a'), std::string(100'000, 'b'), 1000), 64u);
}

TEST(Similar, NearestComeFirstHoweverFar) {
  EXPECT_THAT(nearest_names("get_itemz", kNames, 2), ElementsAre("get_items", "add_item"));
  EXPECT_THAT(nearest_names("zzz", kNames, 1), ElementsAre("sum"));
}

}  // namespace
}  // namespace daffi::base
