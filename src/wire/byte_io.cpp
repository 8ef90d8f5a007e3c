/// @file  Text on the wire.
#include "wire/byte_io.hpp"

#include <algorithm>
#include <cassert>

#include "daffi/writer.hpp"

namespace daffi::wire {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the well-formed UTF-8 character at the front of the text, 0 when there is none.
std::size_t character(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

// Every byte that is not part of a well-formed character becomes a question mark.
std::string repair(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character(text);
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
