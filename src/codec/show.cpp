/// @file  Encoded values as a person would write them, for error texts and signatures.
#include <charconv>
#include <cmath>
#include <cstdio>

#include "daffi/signature.hpp"

namespace daffi::inline v1 {
namespace {

constexpr std::size_t most_shown = 400;

void show(Reader& reader, std::string& out);

void show_text(std::string_view text, std::string& out) {
  constexpr std::size_t most_text = 80;
  std::string_view shown = text;
  if (text.size() > most_text) {
    shown = text.substr(0, most_text);
    while (!is_utf8(shown)) shown.remove_suffix(1);
  }
  out += '\'';
  for (char c : shown) {
    if (c == '\'' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  out += shown.size() < text.size() ? "…'" : "'";
}

void show_real(double value, std::string& out) {
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (std::isfinite(value) && text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void show_integer(Reader& reader, std::string& out) {
  std::span<const std::byte> raw;
  if (!reader.read_raw(raw)) return;
  std::int64_t number;
  std::uint64_t large;
  Reader as_signed(raw);
  Reader as_unsigned(raw);
  if (as_signed.read_integer(number)) {
    out += std::to_string(number);
  } else if (as_unsigned.read_unsigned(large)) {
    out += std::to_string(large);
  }
}

void show_ext(Reader& reader, std::string& out) {
  std::span<const std::byte> raw;
  if (!reader.read_raw(raw)) return;
  Reader first(raw);
  Reader second(raw);
  Timestamp time;
  std::int8_t type = 0;
  std::span<const std::byte> bytes;
  if (first.read_timestamp(time)) {
    out += "timestamp(";
    show_real(static_cast<double>(time.seconds) + static_cast<double>(time.nanoseconds) / 1e9, out);
    out += ')';
  } else if (second.read_ext(type, bytes)) {
    out += "ext(" + std::to_string(type) + ", " + std::to_string(bytes.size()) + " bytes)";
  }
}

// Elements separated by commas, until the text is long enough.
template <typename Each>
bool show_items(Reader& reader, std::size_t count, std::string& out, Each each) {
  if (!reader.enter()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    if (out.size() > most_shown) {
      out += "…";
      return reader.fail("cut off");
    }
    each();
    if (!reader.ok()) return false;
  }
  reader.leave();
  return true;
}

void show(Reader& reader, std::string& out) {
  std::size_t count = 0;
  bool flag = false;
  double number = 0;
  std::string_view text;
  std::span<const std::byte> bytes;
  switch (reader.peek()) {
    case Kind::nil:
      reader.read_nil();
      out += "None";
      break;
    case Kind::boolean:
      reader.read_boolean(flag);
      out += flag ? "True" : "False";
      break;
    case Kind::integer:
      show_integer(reader, out);
      break;
    case Kind::real:
      if (reader.read_real(number)) show_real(number, out);
      break;
    case Kind::text:
      if (reader.read_text(text)) show_text(text, out);
      break;
    case Kind::binary:
      if (reader.read_binary(bytes)) out += "bytes(" + std::to_string(bytes.size()) + ")";
      break;
    case Kind::array:
      out += '[';
      if (reader.read_array(count)) show_items(reader, count, out, [&] { show(reader, out); });
      out += ']';
      break;
    case Kind::map:
      out += '{';
      if (reader.read_map(count)) {
        show_items(reader, count, out, [&] {
          show(reader, out);
          out += ": ";
          show(reader, out);
        });
      }
      out += '}';
      break;
    case Kind::ext:
      show_ext(reader, out);
      break;
    default:
      reader.skip();
  }
}

}  // namespace

std::string show_value(std::span<const std::byte> value) {
  Reader reader(value);
  std::string out;
  show(reader, out);
  return out;
}

std::string show_arguments(std::span<const std::byte> arguments) {
  Reader reader(arguments);
  std::string out = "(";
  std::size_t positional = 0;
  std::size_t keywords = 0;
  if (reader.read_array(positional) && show_items(reader, positional, out, [&] { show(reader, out); }) &&
      reader.read_map(keywords)) {
    if (positional > 0 && keywords > 0) out += ", ";
    show_items(reader, keywords, out, [&] {
      std::string_view name;
      if (!reader.read_text(name)) return;
      out += name;
      out += '=';
      show(reader, out);
    });
  }
  if (reader.malformed()) out += "malformed";
  return out + ')';
}

namespace detail {
std::string bytes_of(const Writer& writer) {
  auto bytes = writer.payload();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace detail

}  // namespace daffi::inline v1
