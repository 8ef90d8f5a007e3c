/// @file  The UTF-8 check: many bytes at a time while the text is ASCII.
#include <cstddef>
#include <cstdint>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "daffi/writer.hpp"

namespace daffi::inline v1 {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080u;

std::uint64_t load(const unsigned char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Whether the first `block` bytes are ASCII.
#ifdef __SSE2__
constexpr std::ptrdiff_t block = 64;
bool ascii_block(const unsigned char* p) {
  const auto at = [p](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i); };
  return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(at(0), at(1)), _mm_or_si128(at(2), at(3)))) == 0;
}
#else
constexpr std::ptrdiff_t block = 32;
bool ascii_block(const unsigned char* p) {
  return ((load(p) | load(p + 8) | load(p + 16) | load(p + 24)) & high_bits) == 0;
}
#endif

bool continues(unsigned char byte) { return (byte & 0xc0) == 0x80; }

// The length of the well-formed sequence that starts with a byte above 0x7f, or 0. Table 3-7 of the Unicode standard.
std::size_t sequence(const unsigned char* p, std::size_t left) {
  unsigned char first = p[0];
  if (first < 0xc2 || first > 0xf4 || left < 2) return 0;
  if (first < 0xe0) return continues(p[1]) ? 2 : 0;
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (p[1] < low || p[1] > high || left < 3 || !continues(p[2])) return 0;
  if (first < 0xf0) return 3;
  return left >= 4 && continues(p[3]) ? 4 : 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return utf8_prefix(text) == text.size(); }

std::size_t utf8_prefix(std::string_view text) noexcept {
  const auto begin = reinterpret_cast<const unsigned char*>(text.data());
  auto p = begin;
  auto end = p + text.size();
  while (true) {
    while (end - p >= block && ascii_block(p)) p += block;
    while (end - p >= 8 && (load(p) & high_bits) == 0) p += 8;
    while (p != end && *p < 0x80) ++p;
    if (p == end) return text.size();
    // Text that is not ASCII mostly stays so for a while: do not go back to whole words after each character.
    while (p != end && *p >= 0x80) {
      std::size_t size = sequence(p, static_cast<std::size_t>(end - p));
      if (size == 0) return static_cast<std::size_t>(p - begin);
      p += size;
    }
  }
}

}  // namespace daffi::inline v1
