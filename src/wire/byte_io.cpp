/// @file  Text on the wire.
#include "wire/byte_io.hpp"

#include <algorithm>
#include <cassert>

namespace daffi::wire {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the well-formed UTF-8 sequence at the front of the text, 0 when there is none (Unicode, table 3-7).
std::size_t sequence(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!continues(text[i])) return 0;
  }
  return size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

// Every byte that is not part of a well-formed character becomes a question mark.
std::string repair(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = sequence(text);
    size == 0 ? out.append("?") : out.append(text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && continues(text[limit])) --limit;
  return text.substr(0, limit);
}

}  // namespace

void ByteReader::text(std::string& value, std::size_t limit) {
  std::uint16_t size = 0;
  number(size);
  if (size > limit) return fail("a text is too long");
  const std::string_view raw = base::as_text(take(size));
  if (!is_utf8(raw)) return fail("a text is not UTF-8");
  value = raw;
}

void ByteReader::fail(const char* why) {
  if (error_ == nullptr) error_ = why;
  left_ = {};
}

void ByteWriter::text(std::string_view value, std::size_t limit) {
  std::string repaired;
  if (!is_utf8(value)) value = repaired = repair(value);
  value = cut(value, limit);
  number(static_cast<std::uint16_t>(value.size()));
  bytes(base::as_bytes(value));
}

void ByteWriter::check_count([[maybe_unused]] std::size_t count, [[maybe_unused]] std::size_t limit) {
  assert(count <= limit && limit <= 0xFFFF);
}

}  // namespace daffi::wire
