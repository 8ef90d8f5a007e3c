/// @file  Reader: MessagePack's formats, each checked against what is left before it is believed.
#include "daffi/reader.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "codec/big_endian.hpp"
#include "codec/problem.hpp"

namespace daffi::inline v1 {
namespace {

std::uint8_t byte_at(const std::byte* at) { return std::to_integer<std::uint8_t>(*at); }

constexpr Kind classify(unsigned first) {
  if (first < 0x80 || first >= 0xe0) return Kind::integer;
  if (first < 0x90) return Kind::map;
  if (first < 0xa0) return Kind::array;
  if (first < 0xc0) return Kind::text;
  constexpr Kind kinds[32] = {Kind::nil,     Kind::invalid, Kind::boolean, Kind::boolean, Kind::binary,  Kind::binary,
                              Kind::binary,  Kind::ext,     Kind::ext,     Kind::ext,     Kind::real,    Kind::real,
                              Kind::integer, Kind::integer, Kind::integer, Kind::integer, Kind::integer, Kind::integer,
                              Kind::integer, Kind::integer, Kind::ext,     Kind::ext,     Kind::ext,     Kind::ext,
                              Kind::ext,     Kind::text,    Kind::text,    Kind::text,    Kind::array,   Kind::array,
                              Kind::map,     Kind::map};
  return kinds[first - 0xc0];
}

constexpr auto kinds_by_first = [] {
  std::array<Kind, 256> kinds{};
  for (unsigned first = 0; first < 256; ++first) kinds[first] = classify(first);
  return kinds;
}();

// An unsigned number of 1, 2, 4 or 8 bytes.
std::uint64_t load_sized(const std::byte* at, unsigned bytes) {
  switch (bytes) {
    case 1:
      return byte_at(at);
    case 2:
      return codec::load<std::uint16_t>(at);
    case 4:
      return codec::load<std::uint32_t>(at);
    default:
      return codec::load<std::uint64_t>(at);
  }
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  constexpr std::string_view names[] = {"nil",  "bool", "integer", "float", "str",         "bytes",
                                        "list", "dict", "ext",     "end",   "invalid data"};
  return names[static_cast<std::size_t>(kind)];
}

Kind Reader::peek_format() const { return at_ == end_ ? Kind::end : kinds_by_first[byte_at(at_)]; }

Kind Reader::peek() const {
  const Kind kind = peek_format();
  return kind == Kind::ext ? likeness() : kind;
}

// What an extension may be read as.
Kind Reader::likeness() const {
  const std::uint8_t first = byte_at(at_);
  const std::size_t head = first >= 0xd4 ? 1 : std::size_t{1} + (std::size_t{1} << (first - 0xc7));
  if (!need(head + 1)) return Kind::ext;
  switch (static_cast<ExtType>(static_cast<std::int8_t>(byte_at(at_ + head)))) {
    case ExtType::tuple:
    case ExtType::set:
    case ExtType::frozenset:
      return need(head + 2) && kinds_by_first[byte_at(at_ + head + 1)] == Kind::array ? Kind::array : Kind::ext;
    case ExtType::bytearray:
      return Kind::binary;
    case ExtType::decimal:
    case ExtType::date:
    case ExtType::time:
    case ExtType::uuid:
      return Kind::text;
    default:
      return Kind::ext;
  }
}

bool Reader::read_nil() {
  if (at_ == end_ || byte_at(at_) != 0xc0) return fail_expected("nil");
  ++at_;
  return true;
}

bool Reader::read_boolean(bool& value) {
  if (at_ == end_ || (byte_at(at_) & 0xfe) != 0xc2) return fail_expected("bool");
  value = byte_at(at_++) == 0xc3;
  return true;
}

// Any integer format, as its 64 bits and whether those are of a negative number. The caller has seen Kind::integer.
bool Reader::whole_number(std::uint64_t& bits, bool& negative) {
  std::uint8_t first = byte_at(at_);
  if (first < 0x80 || first >= 0xe0) {
    bits = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(first)});
    negative = first >= 0xe0;
    ++at_;
    return true;
  }
  std::size_t size = std::size_t{1} << (first & 3);
  if (!need(1 + size)) return short_of_data();
  const std::byte* at = at_ + 1;
  at_ = at + size;
  bool is_signed = first >= 0xd0;
  std::int64_t value;
  switch (size) {
    case 1:
      value = is_signed ? static_cast<std::int8_t>(byte_at(at)) : std::int64_t{byte_at(at)};
      break;
    case 2: {
      auto loaded = codec::load<std::uint16_t>(at);
      value = is_signed ? static_cast<std::int16_t>(loaded) : std::int64_t{loaded};
      break;
    }
    case 4: {
      auto loaded = codec::load<std::uint32_t>(at);
      value = is_signed ? static_cast<std::int32_t>(loaded) : std::int64_t{loaded};
      break;
    }
    default:
      value = static_cast<std::int64_t>(codec::load<std::uint64_t>(at));
  }
  bits = static_cast<std::uint64_t>(value);
  negative = is_signed && value < 0;
  return true;
}

bool Reader::read_integer(std::int64_t& value) {
  std::uint64_t bits;
  bool negative;
  if (peek() != Kind::integer) return fail_expected("integer");
  if (!whole_number(bits, negative)) return false;
  if (!negative && bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail(std::to_string(bits) + " is out of range for int64");
  }
  value = static_cast<std::int64_t>(bits);
  return true;
}

bool Reader::read_unsigned(std::uint64_t& value) {
  bool negative;
  if (peek() != Kind::integer) return fail_expected("integer");
  std::uint64_t bits;
  if (!whole_number(bits, negative)) return false;
  if (negative) return fail_range(static_cast<std::int64_t>(bits), "uint64");
  value = bits;
  return true;
}

bool Reader::read_real(double& value) {
  Kind kind = peek();
  if (kind == Kind::integer && !exact_) {
    std::uint64_t bits;
    bool negative;
    if (!whole_number(bits, negative)) return false;
    value = negative ? static_cast<double>(static_cast<std::int64_t>(bits)) : static_cast<double>(bits);
    return true;
  }
  if (kind != Kind::real) return fail_expected("float");
  bool single = byte_at(at_) == 0xca;
  if (!need(single ? 5 : 9)) return short_of_data();
  if (single) {
    value = static_cast<double>(std::bit_cast<float>(codec::load<std::uint32_t>(at_ + 1)));
    at_ += 5;
  } else {
    value = std::bit_cast<double>(codec::load<std::uint64_t>(at_ + 1));
    at_ += 9;
  }
  return true;
}

// A length of 1, 2 or 4 bytes behind the first byte; passes over both.
bool Reader::take_length(int bytes, std::size_t& length) {
  auto size = static_cast<unsigned>(bytes);
  if (!need(1 + size)) return short_of_data();
  length = load_sized(at_ + 1, size);
  at_ += 1 + size;
  return true;
}

void Reader::stand_apart(Body& body) noexcept {
  body_ = &body;
  trials_left_ += 16 * body.text.size();
}

bool Reader::read_payload(std::size_t length, std::span<const std::byte>& value) {
  // Only a text's own payload begins right there: its head was read just now.
  if (body_ != nullptr && position() == body_->at && length == body_->text.size()) {
    value = std::as_bytes(std::span(body_->text.data(), length));
    return true;
  }
  if (!need(length)) return short_of_data();
  value = {at_, length};
  at_ += length;
  return true;
}

// Most texts are short: their heads need no looking up, and they stand in place.
bool Reader::read_short_text(std::string_view& value) {
  if (at_ == end_) return false;
  const std::uint8_t first = byte_at(at_);
  std::size_t head = 1;
  std::size_t length = first & 0x1f;
  if (first == 0xd9 && need(2)) {
    head = 2;
    length = byte_at(at_ + 1);
  } else if ((first & 0xe0) != 0xa0) {
    return false;
  }
  if (!need(head + length)) return false;
  const std::string_view text(reinterpret_cast<const char*>(at_ + head), length);
  if (!is_utf8(text)) return false;
  at_ += head + length;
  value = text;
  return true;
}

bool Reader::read_text(std::string_view& value) {
  if (read_short_text(value)) return true;
  if (peek() != Kind::text) return fail_expected("str");
  std::uint8_t first = byte_at(at_);
  if (kinds_by_first[first] == Kind::ext) {
    std::int8_t type;
    std::span<const std::byte> payload;
    return read_ext(type, payload) && to_text(payload, value);
  }
  std::size_t length = first & 0x1f;
  std::span<const std::byte> bytes;
  if (first < 0xc0) {
    ++at_;
  } else if (!take_length(1 << (first - 0xd9), length)) {
    return false;
  }
  if (!read_payload(length, bytes)) return false;
  return to_text(bytes, value);
}

bool Reader::take_text(std::string& value) {
  std::string_view view;
  if (!read_text(view)) return false;
  // Under a trial the same text may be read again, as something else.
  if (body_ != nullptr && view.data() == body_->text.data() && !quiet_) {
    value = std::move(std::exchange(body_, nullptr)->text);
  } else {
    value = std::string(view);
  }
  return true;
}

bool Reader::to_text(std::span<const std::byte> bytes, std::string_view& value) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const bool known = body_ != nullptr && body_->is_utf8 && text.data() == body_->text.data();
  if (!known && !is_utf8(text)) return fail_malformed("str is not valid UTF-8");
  value = text;
  return true;
}

bool Reader::read_binary(std::span<const std::byte>& value) {
  if (peek() != Kind::binary) return fail_expected("bytes");
  std::size_t length;
  if (kinds_by_first[byte_at(at_)] == Kind::ext) {
    std::int8_t type;
    return read_ext(type, value);
  }
  return take_length(1 << (byte_at(at_) - 0xc4), length) && read_payload(length, value);
}

// The count of a list or map; the caller has seen the kind.
bool Reader::count_of(std::size_t& count, std::size_t bytes_each) {
  std::uint8_t first = byte_at(at_);
  if (kinds_by_first[first] == Kind::ext) {
    // The list inside has the same extent, so nothing more is to be remembered of what is around it.
    std::int8_t type;
    std::size_t length;
    if (!read_ext_head(type, length)) return false;
    first = byte_at(at_);
  }
  if (first < 0xa0) {
    count = first & 0x0f;
    ++at_;
  } else if (!take_length((first & 1) != 0 ? 4 : 2, count)) {
    return false;
  }
  return count <= remaining() / bytes_each || short_of_data();
}

bool Reader::read_array(std::size_t& count) {
  if (at_ != end_ && (byte_at(at_) & 0xf0) == 0x90) {
    count = byte_at(at_++) & 0x0f;
    return count <= remaining() || short_of_data();
  }
  if (peek() != Kind::array) return fail_expected("list");
  return count_of(count, 1);
}

bool Reader::read_map(std::size_t& count) {
  if (at_ != end_ && (byte_at(at_) & 0xf0) == 0x80) {
    count = byte_at(at_++) & 0x0f;
    return 2 * count <= remaining() || short_of_data();
  }
  if (peek() != Kind::map) return fail_expected("dict");
  return count_of(count, 2);
}

bool Reader::read_ext_head(std::int8_t& type, std::size_t& length) {
  if (peek_format() != Kind::ext) return fail_expected("ext");
  std::uint8_t first = byte_at(at_);
  if (first >= 0xd4) {
    length = std::size_t{1} << (first - 0xd4);
    ++at_;
  } else if (!take_length(1 << (first - 0xc7), length)) {
    return false;
  }
  if (!need(1)) return short_of_data();
  auto number = static_cast<std::int8_t>(byte_at(at_++));
  if (!need(length)) return short_of_data();
  type = number;
  return true;
}

bool Reader::read_ext(std::int8_t& type, std::span<const std::byte>& value) {
  std::int8_t number;
  std::size_t length;
  if (!read_ext_head(number, length) || !read_payload(length, value)) return false;
  type = number;
  return true;
}

bool Reader::read_moment(ExtType wanted, std::string_view name, Timestamp& value) {
  std::int8_t type;
  std::span<const std::byte> bytes;
  const std::byte* start = at_;
  if (peek() != Kind::ext) return fail_expected(name);
  if (!read_ext(type, bytes)) return false;
  if (wanted == ExtType::timestamp && type == static_cast<std::int8_t>(ExtType::datetime) && bytes.size() > 12) {
    bytes = bytes.first(12);  // without its zone
  } else if (type != static_cast<std::int8_t>(wanted)) {
    at_ = start;
    return fail_expected(name);
  }
  Timestamp read;
  if (bytes.size() == 4) {
    read.seconds = codec::load<std::uint32_t>(bytes.data());
  } else if (bytes.size() == 8) {
    auto both = codec::load<std::uint64_t>(bytes.data());
    read.seconds = static_cast<std::int64_t>(both & 0x3ffffffff);
    read.nanoseconds = static_cast<std::uint32_t>(both >> 34);
  } else if (bytes.size() == 12) {
    read.nanoseconds = codec::load<std::uint32_t>(bytes.data());
    read.seconds = static_cast<std::int64_t>(codec::load<std::uint64_t>(bytes.data() + 4));
  } else {
    return fail_malformed("time of a wrong length");
  }
  if (read.nanoseconds >= 1'000'000'000) return fail_malformed("time with too many nanoseconds");
  value = read;
  return true;
}

bool Reader::read_timestamp(Timestamp& value) { return read_moment(ExtType::timestamp, "timestamp", value); }

bool Reader::read_duration(Timestamp& length) {
  Kind kind = peek();
  if (kind == Kind::integer) {
    length.nanoseconds = 0;
    return read_integer(length.seconds);
  }
  if (kind != Kind::real) return read_moment(ExtType::duration, "duration", length);
  double seconds;
  if (!read_real(seconds)) return false;
  if (!(seconds > -9e18 && seconds < 9e18)) return fail("duration is out of range");
  double whole = std::floor(seconds);
  double rest = (seconds - whole) * 1e9;
  length.seconds = static_cast<std::int64_t>(whole);
  length.nanoseconds = rest < 999'999'999 ? static_cast<std::uint32_t>(rest) : 999'999'999;
  return true;
}

// Passes over one value's head, and its bytes where it has any. The number of values inside it comes back in `items`
// (a map's keys and values both counted); false on error.
bool Reader::step(std::size_t& items) {
  std::span<const std::byte> bytes;
  std::int8_t type;
  std::uint64_t bits;
  bool flag;
  double number;
  std::size_t length;
  items = 0;
  switch (peek()) {
    case Kind::nil:
      return read_nil();
    case Kind::boolean:
      return read_boolean(flag);
    case Kind::integer:
      return whole_number(bits, flag);
    case Kind::real:
      return read_real(number);
    case Kind::text:
      if (peek_format() == Kind::ext) return read_ext(type, bytes);
      if (byte_at(at_) >= 0xc0) return take_length(1 << (byte_at(at_) - 0xd9), length) && read_payload(length, bytes);
      length = byte_at(at_++) & 0x1f;
      return read_payload(length, bytes);
    case Kind::binary:
      return read_binary(bytes);
    case Kind::ext:
      return read_ext(type, bytes);
    case Kind::array:
      return count_of(items, 1);
    case Kind::map:
      if (!count_of(items, 2)) return false;
      items *= 2;
      return true;
    default:
      return fail_expected("a value");
  }
}

bool Reader::skip() {
  std::size_t open[max_depth];  // values still to come, per container around the current one
  unsigned depth = 0;
  while (true) {
    Kind kind = peek();
    std::size_t items;
    if ((kind == Kind::array || kind == Kind::map) && depth_ + depth >= max_depth) {
      return fail_malformed("nested too deep");
    }
    if (!step(items)) return false;
    if (items > 0) {
      open[depth++] = items;
      continue;
    }
    while (depth > 0 && --open[depth - 1] == 0) --depth;
    if (depth == 0) return true;
  }
}

bool Reader::read_raw(std::span<const std::byte>& value) {
  const std::byte* start = at_;
  if (!skip()) return false;
  value = {start, at_};
  if (body_ == nullptr || start >= begin_ + body_->at || at_ < begin_ + body_->at) return true;
  // Small ones would move when more are added; what has a body is large.
  if (joined_ == nullptr) joined_ = new std::vector<std::string>;
  const std::string_view around(reinterpret_cast<const char*>(start), value.size());
  const auto before = static_cast<std::size_t>(begin_ + body_->at - start);
  std::string& joined = joined_->emplace_back(around.substr(0, before));
  joined += body_->text;
  joined += around.substr(before);
  value = std::as_bytes(std::span(joined));
  return true;
}

bool Reader::expect_end() {
  if (failed_) return false;
  return at_ == end_ || fail_malformed("more data than one value");
}

}  // namespace daffi::inline v1
