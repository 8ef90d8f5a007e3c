/// @file  Property: once the first bytes have been judged, more of them never change the verdict.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wire/preamble.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using daffi::wire::Protocol;
  const auto bytes = std::as_bytes(std::span(data, size));
  Protocol verdict = Protocol::need_more;
  for (std::size_t n = 0; n <= std::min<std::size_t>(size, 32); ++n) {
    const Protocol now = daffi::wire::classify(bytes.first(n));
    if (verdict != Protocol::need_more && now != verdict) std::abort();
    if (n >= daffi::wire::kPreambleSize && now == Protocol::need_more) std::abort();
    verdict = now;
  }
  return 0;
}
