/// @file  Tests of blocks, slices and random bytes.
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"

namespace daffi::base {
namespace {

TEST(Slice, CopyOfNothingNeedsNoBlock) {
  const Slice slice = Slice::copy({});
  EXPECT_EQ(slice.owner, nullptr);
  EXPECT_TRUE(slice.bytes.empty());
}

TEST(Slice, CopyOutlivesItsSource) {
  Slice slice;
  {
    std::string text = "some bytes";
    slice = Slice::copy(as_bytes(text));
    text.assign(text.size(), 'x');
  }
  EXPECT_EQ(as_text(slice.bytes), "some bytes");
}

TEST(Random, HexNamesDiffer) {
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) names.insert(random_hex(32));
  EXPECT_EQ(names.size(), 100u);
  EXPECT_EQ(random_hex(7).size(), 7u);
  EXPECT_EQ(random_hex(200).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(random_u64(), random_u64());
}

}  // namespace
}  // namespace daffi::base
