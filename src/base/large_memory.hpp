/// @file  Memory for large values: given back it is kept for the next one, because the system's has to be cleared
/// first.
#pragma once

#include <cstddef>

namespace daffi::base {

/// From this size on memory is kept; what is smaller comes from `new` and goes back there.
inline constexpr std::size_t kLargeMemory = 64 * 1024;
/// All that is kept at any time, in bytes.
inline constexpr std::size_t kMostLargeMemory = 16 * 1024 * 1024;

/// At least `size` bytes, uninitialised, from `new[]`; `size` becomes what there is. Throws std::bad_alloc. Threads:
/// any.
std::byte* take_memory(std::size_t& size);
/// `size`: what take_memory() said. Threads: any, not only the one that took it.
void give_memory(std::byte* memory, std::size_t size) noexcept;
/// What is kept now, in bytes.
std::size_t kept_memory();

}  // namespace daffi::base
