/// @file  Value to JSON text.
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "daffi/value.hpp"

namespace daffi::inline v1 {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(unsigned indent, bool in_key = false) : indent_(indent), in_key_(in_key) {}
  std::string take() { return std::move(out_); }
  void value(const Value& value);

 private:
  void text(std::string_view text);
  void real(double value);
  void base64(std::span<const std::byte> bytes);
  void timestamp(Timestamp time);
  void ext(const Value::Ext& ext);
  void list(const Value::List& list);
  void map(const Value::Map& map);
  void key(const Value& key);
  void line();

  std::string out_;
  unsigned indent_;
  bool in_key_;  ///< what is written becomes a key's text itself
  unsigned level_ = 0;
};

void JsonWriter::line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(std::size_t{indent_} * level_, ' ');
}

void JsonWriter::text(std::string_view text) {
  out_ += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out_ += "\\\"";
        break;
      case '\\':
        out_ += "\\\\";
        break;
      case '\n':
        out_ += "\\n";
        break;
      case '\r':
        out_ += "\\r";
        break;
      case '\t':
        out_ += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out_ += escape;
        } else {
          out_ += c;
        }
    }
  }
  out_ += '"';
}

// Shortest digits that read back as the same number; always recognisable as a float.
void JsonWriter::real(double value) {
  if (!std::isfinite(value)) {
    out_ += "null";
    return;
  }
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out_ += text;
  if (text.find_first_of(".e") == std::string_view::npos) out_ += ".0";
}

void JsonWriter::base64(std::span<const std::byte> bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out_ += '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? std::to_integer<unsigned>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out_ += j <= bytes.size() - i ? digits[bits >> (18 - 6 * j) & 63] : '=';
  }
  out_ += '"';
}

void JsonWriter::timestamp(Timestamp time) {
  constexpr std::int64_t most = 250'000'000'000;  // some eight thousand years on: more digits than ISO 8601 has
  if (time.seconds > most || time.seconds < -62'000'000'000) {
    out_ += std::to_string(time.seconds);
    return;
  }
  std::chrono::sys_seconds moment{std::chrono::seconds(time.seconds)};
  auto day = std::chrono::floor<std::chrono::days>(moment);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(moment - day);
  char buffer[64];
  int size = std::snprintf(buffer, sizeof buffer, "\"%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                           static_cast<int>(clock.seconds().count()));
  out_.append(buffer, static_cast<std::size_t>(size));
  if (time.nanoseconds != 0) {
    size = std::snprintf(buffer, sizeof buffer, ".%09u", time.nanoseconds);
    std::string_view fraction(buffer, static_cast<std::size_t>(size));
    out_ += fraction.substr(0, fraction.find_last_not_of('0') + 1);
  }
  out_ += "Z\"";
}

void JsonWriter::ext(const Value::Ext& ext) {
  if (ext.type == static_cast<std::int8_t>(ExtType::duration)) {
    if (auto seconds = Value(ext).try_as<std::chrono::duration<double>>()) return real(seconds->count());
  }
  out_ += "{\"ext\": " + std::to_string(ext.type) + ", \"data\": ";
  base64(ext.bytes);
  out_ += '}';
}

void JsonWriter::list(const Value::List& list) {
  out_ += '[';
  ++level_;
  for (const Value& item : list) {
    if (&item != list.data()) out_ += indent_ == 0 ? ", " : ",";
    line();
    value(item);
  }
  --level_;
  if (!list.empty()) line();
  out_ += ']';
}

void JsonWriter::key(const Value& key) {
  if (const std::string* name = key.text_if()) {
    text(*name);
  } else if (key.bytes_if() != nullptr || key.timestamp_if() != nullptr) {
    value(key);
  } else if (!in_key_) {
    JsonWriter inside(0, true);
    inside.value(key);
    text(inside.take());
  } else if (key.list_if() != nullptr || key.map_if() != nullptr || key.ext_if() != nullptr) {
    // As text it would be escaped once more at each level, and double each time.
    Writer encoded;
    Codec<Value>::write(encoded, key);
    base64(encoded.payload());
  } else {
    text(key.to_json());
  }
}

void JsonWriter::map(const Value::Map& map) {
  out_ += '{';
  ++level_;
  for (const auto& entry : map) {
    if (&entry != map.data()) out_ += indent_ == 0 ? ", " : ",";
    line();
    key(entry.first);
    out_ += ": ";
    value(entry.second);
  }
  --level_;
  if (!map.empty()) line();
  out_ += '}';
}

void JsonWriter::value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::nil:
      out_ += "null";
      break;
    case Value::Kind::boolean:
      out_ += *value.boolean_if() ? "true" : "false";
      break;
    case Value::Kind::integer:
      out_ += std::to_string(*value.integer_if());
      break;
    case Value::Kind::large_integer:
      out_ += std::to_string(*value.large_integer_if());
      break;
    case Value::Kind::real:
      real(*value.real_if());
      break;
    case Value::Kind::text:
      text(*value.text_if());
      break;
    case Value::Kind::bytes:
      base64(*value.bytes_if());
      break;
    case Value::Kind::list:
      list(*value.list_if());
      break;
    case Value::Kind::map:
      map(*value.map_if());
      break;
    case Value::Kind::timestamp:
      timestamp(*value.timestamp_if());
      break;
    case Value::Kind::ext:
      ext(*value.ext_if());
      break;
  }
}

}  // namespace

std::string Value::to_json(unsigned indent) const {
  JsonWriter writer(indent);
  writer.value(*this);
  return writer.take();
}

}  // namespace daffi::inline v1
