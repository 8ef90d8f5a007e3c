/// @file  Random bytes from getrandom.
#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace daffi::base {

void random_bytes(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (got < 0 && errno != EINTR) {
      std::abort();  // going on with guessable nonces would be worse
    }
  }
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  random_bytes(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::string random_hex(std::size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(digits, '0');
  random_bytes(std::as_writable_bytes(std::span(text)));
  for (char& digit : text) digit = kDigits[static_cast<unsigned char>(digit) & 0xF];
  return text;
}

}  // namespace daffi::base
