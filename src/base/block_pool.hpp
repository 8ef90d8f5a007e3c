/// @file  BlockPool: blocks of one size that come back by themselves when their last slice is gone.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/annotations.hpp"
#include "base/bytes.hpp"

namespace daffi::base {

/// Lends blocks; taking and returning one allocates nothing as long as a free one is at hand. The pool lives as long
/// as any of its blocks. Threads: any.
class BlockPool {
 public:
  /// Keeps at most `keep` free blocks of `block_size` bytes; what comes back beyond that is freed.
  BlockPool(std::size_t block_size, std::size_t keep);
  /// One that lives as long as the process, and may be used in a child that was forked at any moment.
  static BlockPool* for_the_process(std::size_t block_size, std::size_t keep);

  /// A block of block_size() bytes, not initialised.
  Block take();
  std::size_t block_size() const { return block_size_; }

  class Store;

 private:
  std::size_t block_size_;
  std::shared_ptr<Store> store_;
};

}  // namespace daffi::base
