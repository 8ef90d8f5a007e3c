/// @file  ChunkBytes: what a chunk brings, in its frame or in memory that its sender shares.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bytes.hpp"
#include "base/shared_memory.hpp"

namespace daffi::rpc {

/// Value; refers to the frame. Threads: one at a time.
class ChunkBytes {
 public:
  ChunkBytes(base::Bytes in_frame) : here_(in_frame), size_(in_frame.size()) {}  // NOLINT(google-explicit-constructor)
  ChunkBytes(std::shared_ptr<const base::SharedMemoryView> there, std::size_t at, std::size_t size)
      : there_(std::move(there)), at_(at), size_(size) {}

  /// In memory that is not there any more.
  static ChunkBytes nowhere(std::size_t size) { return {nullptr, 0, size}; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The bytes, where they are in the frame; else nothing.
  base::Bytes in_frame() const { return here_; }
  bool is_shared() const { return there_ != nullptr; }
  bool is_nowhere() const { return there_ == nullptr && here_.size() != size_; }
  /// Copies into.size() of the bytes, from `from` on: there are so many. Those in shared memory may be others each
  /// time. False: they cannot be read.
  [[nodiscard]] bool copy(std::size_t from, base::MutableBytes into) const {
    if (there_) return there_->read(at_ + from, into);
    if (!into.empty()) std::memcpy(into.data(), here_.data() + from, into.size());
    return true;
  }

 private:
  base::Bytes here_;
  std::shared_ptr<const base::SharedMemoryView> there_;
  std::size_t at_ = 0;
  std::size_t size_;
};

}  // namespace daffi::rpc
