/// @file  Numbers as MessagePack lays them out: big-endian, at any address.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

namespace daffi::codec {

template <typename T>
T swapped(T value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(T) == 8) {
    return static_cast<T>(__builtin_bswap64(value));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(value));
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(value));
  } else {
    return value;
  }
}

/// Stores an unsigned number in sizeof(T) bytes.
template <typename T>
void store(std::byte* at, T value) {
  value = swapped(value);
  std::memcpy(at, &value, sizeof value);
}

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return swapped(value);
}

}  // namespace daffi::codec
