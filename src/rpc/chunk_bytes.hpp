/// @file  ChunkBytes: what a frame brings, in itself or in memory that its sender shares.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/shared_memory.hpp"

namespace daffi::rpc {

/// A place in shared memory that is somebody else's again once this is gone. Movable. Threads: one at a time.
class SharedPlace {
 public:
  SharedPlace() = default;
  /// `note` is set to `use` when this ends.
  SharedPlace(std::shared_ptr<const base::SharedMemoryView> memory, std::size_t at, std::size_t note, std::uint32_t use)
      : memory_(std::move(memory)), at_(at), note_(note), use_(use) {}
  ~SharedPlace() {
    if (memory_) memory_->mapping().set_note(note_, use_);
  }
  SharedPlace(SharedPlace&& other) noexcept = default;  // leaves none
  SharedPlace& operator=(SharedPlace&& other) noexcept {
    SharedPlace mine(std::move(other));
    std::swap(memory_, mine.memory_);
    std::swap(at_, mine.at_);
    std::swap(note_, mine.note_);
    std::swap(use_, mine.use_);
    return *this;
  }

  explicit operator bool() const { return memory_ != nullptr; }
  base::Bytes bytes(std::size_t from, std::size_t size) const { return memory_->bytes(at_ + from, size); }

 private:
  std::shared_ptr<const base::SharedMemoryView> memory_;
  std::size_t at_ = 0;
  std::size_t note_ = 0;
  std::uint32_t use_ = 0;
};

/// Refers to the frame; movable. Threads: one at a time.
class ChunkBytes {
 public:
  ChunkBytes(base::Bytes in_frame) : here_(in_frame), size_(in_frame.size()) {}  // NOLINT(google-explicit-constructor)
  ChunkBytes(SharedPlace there, std::size_t size) : there_(std::move(there)), size_(size) {}

  /// In memory that is not there any more.
  static ChunkBytes nowhere(std::size_t size) { return {SharedPlace(), size}; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The bytes, where they are in the frame; else nothing.
  base::Bytes in_frame() const { return here_; }
  bool is_shared() const { return static_cast<bool>(there_); }
  bool is_nowhere() const { return !there_ && here_.size() != size_; }
  /// Copies into.size() of the bytes, from `from` on: there are so many. Those in shared memory may be others each
  /// time. False: they cannot be read.
  [[nodiscard]] bool copy(std::size_t from, base::MutableBytes into) const {
    const base::Bytes bytes = part(from, into.size());
    base::copy_to(into.data(), bytes);
    return bytes.size() == into.size();
  }
  /// The same behind a text: what is copied needs no room that was cleared before.
  [[nodiscard]] bool append(std::size_t from, std::size_t size, std::string& text) const {
    const base::Bytes bytes = part(from, size);
    text.append(base::as_text(bytes));
    return bytes.size() == size;
  }
  /// From now on without its first `count` bytes, of which it has so many.
  void skip(std::size_t count) {
    if (there_) skipped_ += count;
    if (!here_.empty()) here_ = here_.subspan(count);
    size_ -= count;
  }

 private:
  base::Bytes part(std::size_t from, std::size_t size) const {
    if (there_) return there_.bytes(skipped_ + from, size);
    return is_nowhere() ? base::Bytes() : here_.subspan(from, size);
  }

  base::Bytes here_;
  SharedPlace there_;
  std::size_t skipped_ = 0;  // of what is there
  std::size_t size_;
};

}  // namespace daffi::rpc
