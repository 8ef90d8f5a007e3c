/// @file  Block and Slice: reference-counted bytes, so that a frame is forwarded without being copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace daffi::base {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A fixed block of memory that slices refer to. Its bytes are written before they are shared, never after.
using Block = std::shared_ptr<std::byte[]>;

/// A block of `size` bytes, not initialised; one allocation.
Block make_block(std::size_t size);

/// Bytes, and the block that keeps them alive. Value; threads: any, the count is atomic.
struct Slice {
  Block owner;
  Bytes bytes;

  /// Copies `source` into a block of its own; no bytes need no block.
  static Slice copy(Bytes source);
};

}  // namespace daffi::base
