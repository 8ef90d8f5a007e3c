/// @file  Extensions that other languages' lists, bytes and texts travel in: what C++ reads them as.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "daffi/codec.hpp"
#include "daffi/value.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::unhex;

template <typename T>
std::string problem_of(const char* hex) {
  const auto bytes = unhex(hex);
  Reader reader(bytes);
  T value{};
  if (Codec<T>::read(reader, value) && reader.expect_end()) return {};
  return reader.error();
}

template <typename T>
T read(const char* hex) {
  const auto bytes = unhex(hex);
  Reader reader(bytes);
  T value{};
  EXPECT_TRUE(Codec<T>::read(reader, value)) << reader.error();
  EXPECT_TRUE(reader.expect_end()) << reader.error();
  return value;
}

TEST(Extension, CutAnywhereIsAnError) {
  const auto whole = unhex("c7 04 02 93 01 02 03");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Reader reader(base::Bytes(whole).first(size));
    std::vector<int> list;
    EXPECT_FALSE(Codec<std::vector<int>>::read(reader, list)) << size;
    Reader skipping(base::Bytes(whole).first(size));
    EXPECT_FALSE(skipping.skip()) << size;
  }
}

TEST(Extension, ATupleWithoutAListInsideIsNoList) {
  EXPECT_EQ(problem_of<std::vector<int>>("c7 01 02 05"), "expected list, got ext");
  EXPECT_EQ(problem_of<std::vector<int>>("c7 01 32 90"), "expected list, got ext");
}

TEST(Extension, TextInsideIsCheckedAsText) { EXPECT_NE(problem_of<std::string>("c7 01 06 ff"), ""); }

TEST(Extension, TuplesAndSetsAreLists) {
  EXPECT_EQ(read<std::vector<int>>("c7 04 02 93 01 02 03"), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ((read<std::tuple<int, std::string>>("c7 04 02 92 01 a1 78")), (std::tuple<int, std::string>{1, "x"}));
  EXPECT_EQ(read<std::set<int>>("c7 03 03 92 02 01"), (std::set<int>{1, 2}));
  EXPECT_EQ(read<std::vector<int>>("d5 04 91 07"), std::vector<int>{7});
  EXPECT_EQ((read<std::vector<std::vector<int>>>("92 c7 02 02 91 01 90")), (std::vector<std::vector<int>>{{1}, {}}));
}

TEST(Extension, BytearraysAreBytesAndDecimalsDatesAndUuidsAreText) {
  EXPECT_EQ(read<std::vector<std::byte>>("c7 02 05 00 ff"), unhex("00ff"));
  EXPECT_EQ(read<std::string>("c7 04 06 31 2e 31 30"), "1.10");
  EXPECT_EQ(read<std::string>("c7 0a 07 32 30 32 34 2d 30 31 2d 30 32"), "2024-01-02");
}

TEST(Extension, AMomentWithAZoneIsThatMoment) {
  Timestamp time;
  const auto bytes = unhex("c7 0d 0c 00000007 0000000000000005 01");
  Reader reader(bytes);
  ASSERT_TRUE(reader.read_timestamp(time)) << reader.error();
  EXPECT_EQ(time, (Timestamp{5, 7}));
}

TEST(Extension, ValuesShowListsAsLists) {
  EXPECT_EQ(Value::parse(unhex("c7 04 02 93 01 02 03")).to_json(), "[1, 2, 3]");
  EXPECT_EQ(Value::parse(unhex("c7 02 0a 01 00")).kind(), Value::Kind::ext);
}

TEST(Extension, SkippingPassesOverTheWhole) {
  const auto bytes = unhex("92 c7 04 02 93 01 02 03 05");
  Reader reader(bytes);
  EXPECT_TRUE(reader.skip());
  EXPECT_TRUE(reader.at_end());
}

}  // namespace
}  // namespace daffi
