/// @file  Memory for large values.
#include "base/large_memory.hpp"

#include <array>
#include <utility>

#include "base/annotations.hpp"
#include "base/fork.hpp"
#include "base/recycled.hpp"

namespace daffi::base {
namespace {

// A system's page is cleared when it is touched first, which costs more than to fill it: a value of 1 MiB takes longer
// to be paged in than to be sent.
class Kept {
 public:
  Kept() { keep_free_across_fork(mutex_); }

  // Never one of more than twice the size: it would be held by a value that does not need it.
  std::byte* take(std::size_t& size) {
    Lock lock(mutex_);
    for (std::size_t i = 0; i < count_; ++i) {
      Piece& piece = pieces_[i];
      if (piece.size < size || piece.size / 2 > size) continue;
      total_ -= piece.size;
      size = piece.size;
      return std::exchange(piece, pieces_[--count_]).memory;
    }
    return nullptr;
  }
  bool give(std::byte* memory, std::size_t size) {
    Lock lock(mutex_);
    if (count_ == pieces_.size() || size > kMostLargeMemory - total_) return false;
    pieces_[count_++] = {memory, size};
    total_ += size;
    return true;
  }
  std::size_t total() {
    Lock lock(mutex_);
    return total_;
  }

 private:
  struct Piece {
    std::byte* memory;
    std::size_t size;
  };
  Mutex mutex_;
  std::array<Piece, 32> pieces_ DAFFI_GUARDED_BY(mutex_){};
  std::size_t count_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::size_t total_ DAFFI_GUARDED_BY(mutex_) = 0;
};

Kept& kept() {
  // Not destroyed: at the end of the process values may still go.
  static auto* const all = new Kept;
  return *all;
}

std::size_t rounded(std::size_t size) { return (size + kLargeMemory - 1) / kLargeMemory * kLargeMemory; }

}  // namespace

std::byte* take_memory(std::size_t& size) {
  if (size >= kLargeMemory && size <= kMostLargeMemory) {
    size = rounded(size);
    if (std::byte* const memory = kept().take(size)) return memory;
  }
  return new std::byte[size];
}

void give_memory(std::byte* memory, std::size_t size) noexcept {
  if (size >= kLargeMemory && size <= kMostLargeMemory && !DAFFI_ADDRESS_SANITIZER && kept().give(memory, size)) return;
  delete[] memory;
}

std::size_t kept_memory() { return kept().total(); }

}  // namespace daffi::base
