/// @file  Value: what it holds, how it is built and read. Its codec and JSON stand in files of their own.
#include "daffi/value.hpp"

#include <stdexcept>

#include "daffi/error.hpp"

namespace daffi::inline v1 {

Value::Value() noexcept : held_(nullptr) {}
Value::Value(std::nullptr_t) noexcept : held_(nullptr) {}
Value::Value(Tag, bool value) noexcept : held_(value) {}
Value::Value(Tag, double value) noexcept : held_(value) {}
Value::Value(Tag, std::uint64_t bits, bool is_signed) noexcept : held_(static_cast<std::int64_t>(bits)) {
  if (!is_signed && std::get<std::int64_t>(held_) < 0) held_ = bits;
}
Value::Value(const char* text) : held_(std::string(text)) {}
Value::Value(std::string_view text) : held_(std::string(text)) {}
Value::Value(std::string text) noexcept : held_(std::move(text)) {}
Value::Value(Bytes bytes) noexcept : held_(std::move(bytes)) {}
Value::Value(List list) noexcept : held_(std::move(list)) {}
Value::Value(Map map) noexcept : held_(std::move(map)) {}
Value::Value(Timestamp time) noexcept : held_(time) {}
Value::Value(Ext ext) noexcept : held_(std::move(ext)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value Value::list(std::initializer_list<Value> items) { return Value(List(items)); }

Value Value::map(std::initializer_list<std::pair<std::string_view, Value>> entries) {
  Map map;
  map.reserve(entries.size());
  for (const auto& [key, value] : entries) map.emplace_back(Value(key), value);
  return Value(std::move(map));
}

Value Value::parse(std::span<const std::byte> encoded) {
  Reader reader(encoded);
  Value value;
  if (!Codec<Value>::read(reader, value) || !reader.expect_end()) {
    throw ProtocolError(ErrorCode::malformed, reader.error());
  }
  return value;
}

std::size_t Value::size() const noexcept {
  switch (kind()) {
    case Kind::text:
      return text_if()->size();
    case Kind::bytes:
      return bytes_if()->size();
    case Kind::list:
      return list_if()->size();
    case Kind::map:
      return map_if()->size();
    case Kind::ext:
      return ext_if()->bytes.size();
    default:
      return 0;
  }
}

const Value* Value::find(std::string_view key) const noexcept {
  const Map* map = map_if();
  if (map == nullptr) return nullptr;
  for (const auto& [name, value] : *map) {
    const std::string* text = name.text_if();
    if (text != nullptr && *text == key) return &value;
  }
  return nullptr;
}

const Value& Value::operator[](std::string_view key) const {
  if (const Value* found = find(key)) return *found;
  throw std::out_of_range("daffi::Value: no key '" + std::string(key) + "'");
}

const Value& Value::at(std::size_t index) const {
  const List* list = list_if();
  if (list != nullptr && index < list->size()) return (*list)[index];
  throw std::out_of_range("daffi::Value: no element " + std::to_string(index));
}

Value& Value::operator[](std::string_view key) {
  if (const Value* found = find(key)) return const_cast<Value&>(*found);
  if (is_nil()) held_ = Map();
  Map* map = map_if();
  if (map == nullptr) throw std::out_of_range("daffi::Value: no map to hold '" + std::string(key) + "'");
  return map->emplace_back(Value(key), Value()).second;
}

Value& Value::push_back(Value item) {
  if (is_nil()) held_ = List();
  List* list = list_if();
  if (list == nullptr) throw std::out_of_range("daffi::Value: no list to add to");
  return list->emplace_back(std::move(item));
}

bool operator==(const Value& a, const Value& b) { return a.held_ == b.held_; }

void Value::decode(bool (*read)(Reader&, void*), void* into) const {
  Writer writer;
  Codec<Value>::write(writer, *this);
  Reader reader(writer.payload());
  if (!read(reader, into)) throw RemoteCallError(ErrorCode::result_mismatch, reader.error());
}

bool Value::try_decode(bool (*read)(Reader&, void*), void* into) const {
  Writer writer;
  Codec<Value>::write(writer, *this);
  Reader reader(writer.payload());
  return read(reader, into);
}

}  // namespace daffi::inline v1
