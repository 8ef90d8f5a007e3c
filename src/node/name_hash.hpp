/// @file  Hashes of names: the same in every process, so that several callers choose alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace daffi::node {

/// Spreads every bit over all the others (the finaliser of splitmix64). Threads: any.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// FNV-1a, mixed. Never 0. Threads: any.
constexpr std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = mix(hash);
  return hash == 0 ? 1 : hash;
}

/// For tables keyed by std::string that are searched by std::string_view. Value.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace daffi::node
