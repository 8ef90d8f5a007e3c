/// @file  Recognising preambles, TLS and HTTP.
#include "wire/preamble.hpp"

#include <algorithm>
#include <string_view>

namespace daffi::wire {
namespace {

constexpr std::string_view kMagic = "DAFFI";
constexpr std::string_view kTlsHandshake = "\x16\x03";  // record type handshake, major version of SSL 3 and every TLS
constexpr std::array<std::string_view, 9> kHttpMethods = {"GET ",     "HEAD ",    "POST ",  "PUT ",  "DELETE ",
                                                          "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "};

// How `text` relates to what is wanted in front of it.
enum class Match { no, so_far, whole };

Match match(std::string_view text, std::string_view wanted) {
  const std::size_t shared = std::min(text.size(), wanted.size());
  if (text.substr(0, shared) != wanted.substr(0, shared)) return Match::no;
  return shared == wanted.size() ? Match::whole : Match::so_far;
}

}  // namespace

std::array<std::byte, kPreambleSize> encode_preamble(std::uint8_t major) {
  std::array<std::byte, kPreambleSize> out{};
  std::ranges::copy(base::as_bytes(kMagic), out.begin());
  out[kMagic.size()] = std::byte{major};
  return out;
}

std::uint8_t decode_preamble(std::span<const std::byte, kPreambleSize> bytes) {
  if (!base::as_text(bytes).starts_with(kMagic)) return 0;
  if (bytes[6] != std::byte{0} || bytes[7] != std::byte{0}) return 0;
  return std::to_integer<std::uint8_t>(bytes[kMagic.size()]);
}

Protocol classify(base::Bytes first) {
  const std::string_view text = base::as_text(first.first(std::min(first.size(), kPreambleSize)));
  if (const Match magic = match(text, kMagic); magic != Match::no) {
    if (first.size() < kPreambleSize) return Protocol::need_more;
    return decode_preamble(first.first<kPreambleSize>()) != 0 ? Protocol::native : Protocol::unknown;
  }
  Match best = match(text, kTlsHandshake);
  if (best == Match::whole) return Protocol::tls;
  for (const std::string_view method : kHttpMethods) {
    const Match http = match(text, method);
    if (http == Match::whole) return Protocol::http;
    best = std::max(best, http);
  }
  return best == Match::no ? Protocol::unknown : Protocol::need_more;
}

}  // namespace daffi::wire
