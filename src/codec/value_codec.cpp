/// @file  Value <-> MessagePack.
#include "codec/value_keys.hpp"

namespace daffi::inline v1 {
namespace {

bool read_list(Reader& reader, Value& value) {
  Value::List list;
  if (!Codec<Value::List>::read(reader, list)) return false;
  value = Value(std::move(list));
  return true;
}

bool inside_key_of(Reader& reader, const Value& key, std::size_t index) {
  const std::string* text = key.text_if();
  return text != nullptr ? reader.inside_key(*text) : reader.inside(index);
}

bool read_map(Reader& reader, Value& value) {
  std::size_t count;
  if (!reader.read_map(count) || !reader.enter()) return false;
  Value::Map map;
  map.reserve(detail::first_room<Value::Map::value_type>(count));
  for (std::size_t i = 0; i < count; ++i) {
    auto& [key, item] = map.emplace_back();
    if (!Codec<Value>::read(reader, key)) return reader.inside(i);
    if (!Codec<Value>::read(reader, item)) return inside_key_of(reader, key, i);
  }
  std::size_t twice = codec::find_duplicate_key(map);
  if (twice != count) return reader.fail("duplicate key") || inside_key_of(reader, map[twice].first, twice);
  reader.leave();
  value = Value(std::move(map));
  return true;
}

bool read_number(Reader& reader, Value& value) {
  std::span<const std::byte> raw;
  if (!reader.read_raw(raw)) return false;
  std::int64_t number = 0;
  std::uint64_t large = 0;
  if (Reader(raw).read_integer(number)) {
    value = Value(number);
  } else if (Reader(raw).read_unsigned(large)) {
    value = Value(large);
  }
  return true;
}

bool read_extension(Reader& reader, Value& value) {
  std::span<const std::byte> raw;
  if (!reader.read_raw(raw)) return false;
  Timestamp time;
  if (Reader(raw).read_timestamp(time)) {
    value = Value(time);
    return true;
  }
  Value::Ext ext;
  std::span<const std::byte> bytes;
  if (!Reader(raw).read_ext(ext.type, bytes)) return reader.fail_malformed("ext");
  if (ext.type == static_cast<std::int8_t>(ExtType::timestamp)) return reader.fail_malformed("not a timestamp");
  ext.bytes.assign(bytes.begin(), bytes.end());
  value = Value(std::move(ext));
  return true;
}

}  // namespace

std::string Codec<Value>::type_name() { return "any"; }

void Codec<Value>::write(Writer& writer, const Value& value) {
  std::visit(
      [&]<typename T>(const T& held) {
        if constexpr (std::is_same_v<T, Value::Map>) {
          Writer::Nested nested(writer);
          writer.map(held.size());
          for (const auto& [key, item] : held) {
            write(writer, key);
            write(writer, item);
          }
        } else if constexpr (std::is_same_v<T, Value::Ext>) {
          writer.ext(held.type, held.bytes);
        } else {
          Codec<T>::write(writer, held);
        }
      },
      value.held_);
}

bool Codec<Value>::read(Reader& reader, Value& value) {
  bool flag = false;
  double number = 0;
  std::string_view text;
  std::span<const std::byte> bytes;
  switch (reader.peek()) {
    case Kind::nil:
      value = Value();
      return reader.read_nil();
    case Kind::boolean:
      if (!reader.read_boolean(flag)) return false;
      value = Value(flag);
      return true;
    case Kind::integer:
      return read_number(reader, value);
    case Kind::real:
      if (!reader.read_real(number)) return false;
      value = Value(number);
      return true;
    case Kind::text:
      if (!reader.read_text(text)) return false;
      value = Value(text);
      return true;
    case Kind::binary:
      if (!reader.read_binary(bytes)) return false;
      value = Value(Value::Bytes(bytes.begin(), bytes.end()));
      return true;
    case Kind::array:
      return read_list(reader, value);
    case Kind::map:
      return read_map(reader, value);
    case Kind::ext:
      return read_extension(reader, value);
    default:
      return reader.fail_expected("a value");
  }
}

}  // namespace daffi::inline v1
