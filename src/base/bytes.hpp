/// @file  Block and Slice: reference-counted bytes, so that a frame is forwarded without being copied.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#define DAFFI_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define DAFFI_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define DAFFI_THREAD_SANITIZER 0
#endif

namespace daffi::base {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Copies to where there is room, and returns the end of it. GCC 12 makes of std::ranges::copy a loop over single
/// bytes.
inline std::byte* copy_to(std::byte* to, Bytes from) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
  return to + from.size();
}

/// A fixed block of memory that slices refer to. Its bytes are written before they are shared, never after.
using Block = std::shared_ptr<std::byte[]>;

/// A block of `size` bytes, not initialised; one allocation.
Block make_block(std::size_t size);

/// True when nobody else holds the block, so that its bytes may be written again; what others read from it before
/// they let go has then been read. Errs towards false only. Threads: any.
template <typename T>
bool sole_owner(const std::shared_ptr<T>& block) {
  if (block.use_count() != 1) return false;
#if DAFFI_THREAD_SANITIZER
  const std::shared_ptr<T> probe = block;  // the thread sanitizer knows no fences, but it knows this count
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
  return true;
}

/// Bytes, and the block that keeps them alive. Value; threads: any, the count is atomic.
struct Slice {
  Block owner;
  Bytes bytes;

  /// Copies `source` into a block of its own; no bytes need no block.
  static Slice copy(Bytes source);
};

}  // namespace daffi::base
