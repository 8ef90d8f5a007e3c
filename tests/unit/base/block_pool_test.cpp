/// @file  Tests of the block pool.
#include "base/block_pool.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace daffi::base {
namespace {

TEST(BlockPool, BlockComesBackWhenItsLastHolderLetsGo) {
  BlockPool pool(1000, 4);
  Block first = pool.take();
  const std::byte* memory = first.get();
  Block second = first;
  first = nullptr;
  EXPECT_NE(pool.take().get(), memory);
  second = nullptr;
  EXPECT_EQ(pool.take().get(), memory);
}

TEST(BlockPool, KeepsNoMoreThanItsLimit) {
  BlockPool pool(1000, 2);
  std::vector<Block> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(pool.take());
  std::set<const std::byte*> distinct;
  for (const Block& block : blocks) distinct.insert(block.get());
  EXPECT_EQ(distinct.size(), 5u);
  blocks.clear();  // three are freed here, which the address sanitizer would notice if it were wrong
  EXPECT_NE(pool.take(), nullptr);
}

TEST(BlockPool, BlocksMayOutliveTheirPool) {
  Block block;
  {
    BlockPool pool(1000, 2);
    block = pool.take();
  }
  block[999] = std::byte{1};
  EXPECT_EQ(block[999], std::byte{1});
}

TEST(SoleOwner, IsFalseWhileAnotherHolds) {
  Block block = make_block(10);
  EXPECT_TRUE(sole_owner(block));
  const Block other = block;
  EXPECT_FALSE(sole_owner(block));
  EXPECT_FALSE(sole_owner(Block()));
}

}  // namespace
}  // namespace daffi::base
