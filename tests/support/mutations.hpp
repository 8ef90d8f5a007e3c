/// @file  Every byte of a recording, changed in ten ways: each bit flipped, all bits cleared, all bits set.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <vector>

namespace daffi::tests {

inline constexpr std::size_t kWays = 10;

/// The byte in its `way`; may be the same again.
inline std::byte mutated(std::byte byte, std::size_t way) {
  if (way < 8) return byte ^ static_cast<std::byte>(1u << way);
  return way == 8 ? std::byte{0} : std::byte{0xFF};
}

/// Calls visit(position, changed copy) for every byte and way; with DAFFI_EVERY_BYTE=1 in the environment for all, else
/// for every third of them, which comes to all bytes and, over a few bytes, to all ways.
template <typename Visit>
std::size_t for_each_mutation(const std::vector<std::byte>& recording, Visit visit) {
  const std::size_t stride = std::getenv("DAFFI_EVERY_BYTE") != nullptr ? 1 : 3;
  std::size_t made = 0;
  std::vector<std::byte> changed = recording;
  for (std::size_t step = 0; step < recording.size() * kWays; step += stride) {
    const std::size_t at = step / kWays;
    const std::byte other = mutated(recording[at], step % kWays);
    if (other == recording[at]) continue;
    changed[at] = other;
    visit(at, changed);
    changed[at] = recording[at];
    ++made;
  }
  return made;
}

}  // namespace daffi::tests
