/// @file  Value: anything that can travel, for code that does not know its types.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "daffi/codec.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

class Value;

namespace detail {
template <typename T>
concept PlainInteger = std::integral<T> && !std::same_as<T, bool> && !is_character<T>;
}  // namespace detail

/// A dynamic value: nil, bool, integer, float, text, bytes, list, map, timestamp, or an extension. Integers are one
/// kind: what fits 64 signed bits is held so, and only larger ones unsigned, so that equal numbers are equal values.
/// Build it from C++ values (`Value(5)`, `Value::list({1, "x"})`, `Value::map({{"a", 1}})`, `Value::from(anything)`),
/// read it with `as<T>()`. Value; threads: as a std::string.
class DAFFI_API Value {
 public:
  using Bytes = std::vector<std::byte>;
  using List = std::vector<Value>;
  /// In the order of the map's bytes; keys may be of any kind.
  using Map = std::vector<std::pair<Value, Value>>;
  struct Ext {
    std::int8_t type = 0;
    Bytes bytes = {};
    bool operator==(const Ext&) const = default;
  };
  enum class Kind : std::uint8_t {
    nil,
    boolean,
    integer,
    large_integer,  ///< above the largest signed one
    real,
    text,
    bytes,
    list,
    map,
    timestamp,
    ext
  };

  Value() noexcept;
  Value(std::nullptr_t) noexcept;
  template <std::same_as<bool> T>
  Value(T value) noexcept : Value(Tag{}, value) {}
  template <detail::PlainInteger T>
  Value(T value) noexcept : Value(Tag{}, value) {}
  template <std::floating_point T>
  Value(T value) noexcept : Value(Tag{}, static_cast<double>(value)) {}
  Value(const char* text);
  Value(std::string_view text);
  Value(std::string text) noexcept;
  Value(Bytes bytes) noexcept;
  Value(List list) noexcept;
  Value(Map map) noexcept;
  Value(Timestamp time) noexcept;
  Value(Ext ext) noexcept;
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  static Value list(std::initializer_list<Value> items);
  static Value map(std::initializer_list<std::pair<std::string_view, Value>> entries);
  /// Anything that has a Codec. Throws as Writer does.
  template <typename T>
  static Value from(const T& value) {
    Writer writer;
    Codec<T>::write(writer, value);
    return parse(writer.payload());
  }
  /// One encoded value, whole. Throws ProtocolError with ErrorCode::malformed.
  static Value parse(std::span<const std::byte> encoded);

  Kind kind() const noexcept { return static_cast<Kind>(held_.index()); }
  bool is_nil() const noexcept { return kind() == Kind::nil; }
  bool is_text() const noexcept { return kind() == Kind::text; }
  bool is_list() const noexcept { return kind() == Kind::list; }
  bool is_map() const noexcept { return kind() == Kind::map; }
  bool is_integer() const noexcept { return kind() == Kind::integer || kind() == Kind::large_integer; }
  bool is_real() const noexcept { return kind() == Kind::real; }

  /// The value as a T, by the T's Codec (so an integer serves as a float). Throws RemoteCallError with
  /// ErrorCode::result_mismatch, saying what was expected and what is there.
  template <typename T>
  T as() const {
    static_assert(!std::is_same_v<T, std::string_view>, "daffi: a view into a Value: use text_if()");
    T result{};
    decode(&detail::read_erased<T>, &result);
    return result;
  }
  /// The same, or nothing when it is no T.
  template <typename T>
  std::optional<T> try_as() const {
    std::optional<T> result(std::in_place);
    if (!try_decode(&detail::read_erased<T>, &*result)) result.reset();
    return result;
  }
  /// What is held, if it is of that kind: no conversion, no copy. Lives as long as the Value.
  const bool* boolean_if() const noexcept { return std::get_if<bool>(&held_); }
  const std::int64_t* integer_if() const noexcept { return std::get_if<std::int64_t>(&held_); }
  const std::uint64_t* large_integer_if() const noexcept { return std::get_if<std::uint64_t>(&held_); }
  const double* real_if() const noexcept { return std::get_if<double>(&held_); }
  const std::string* text_if() const noexcept { return std::get_if<std::string>(&held_); }
  const Bytes* bytes_if() const noexcept { return std::get_if<Bytes>(&held_); }
  const List* list_if() const noexcept { return std::get_if<List>(&held_); }
  List* list_if() noexcept { return std::get_if<List>(&held_); }
  const Map* map_if() const noexcept { return std::get_if<Map>(&held_); }
  Map* map_if() noexcept { return std::get_if<Map>(&held_); }
  const Ext* ext_if() const noexcept { return std::get_if<Ext>(&held_); }
  const Timestamp* timestamp_if() const noexcept { return std::get_if<Timestamp>(&held_); }

  /// Elements of a list or map, bytes of text or bytes; 0 for what holds nothing.
  std::size_t size() const noexcept;
  /// The map's value at a key, nullptr when there is none or this is no map.
  const Value* find(std::string_view key) const noexcept;
  bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// Throw std::out_of_range when there is no such element.
  const Value& operator[](std::string_view key) const;
  const Value& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  const Value& at(std::size_t index) const;
  template <detail::PlainInteger I>
  const Value& operator[](I index) const {
    return at(static_cast<std::size_t>(index));
  }
  /// The element to assign to; a missing key is added, and a nil becomes a map first. std::out_of_range on other kinds.
  Value& operator[](std::string_view key);
  Value& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  template <detail::PlainInteger I>
  Value& operator[](I index) {
    return const_cast<Value&>(std::as_const(*this).at(static_cast<std::size_t>(index)));
  }
  /// Adds to a list; a nil becomes a list first. std::out_of_range on other kinds.
  Value& push_back(Value item);

  /// Equal in kind and content: 1 and 1.0 differ, not a number equals nothing, maps compare in their order.
  friend DAFFI_API bool operator==(const Value& a, const Value& b);

  /// JSON text. What JSON cannot say: bytes become base64 text; infinities and not a number null; a timestamp ISO 8601
  /// text; a duration its seconds; another extension {"ext": type, "data": base64}; a key that is no text its own JSON.
  /// `indent` spaces per level, 0 for a single line.
  std::string to_json(unsigned indent = 0) const;
  /// Throws GlobalContextError with ErrorCode::unencodable, saying where, for what is no JSON (RFC 8259), nested too
  /// deep, or gives a key twice. A number without point and exponent is an integer as far as 64 bits go, then a float.
  static Value from_json(std::string_view text);

 private:
  friend struct Codec<Value>;
  struct Tag {};
  Value(Tag, bool value) noexcept;
  Value(Tag, double value) noexcept;
  template <detail::PlainInteger T>
  Value(Tag, T value) noexcept
      : Value(Tag{}, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)), std::is_signed_v<T>) {}
  Value(Tag, std::uint64_t bits, bool is_signed) noexcept;
  void decode(bool (*read)(Reader&, void*), void* into) const;
  bool try_decode(bool (*read)(Reader&, void*), void* into) const;

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, List, Map, Timestamp, Ext>
      held_;
};

template <>
struct DAFFI_API Codec<Value> {
  static void write(Writer& writer, const Value& value);
  static bool read(Reader& reader, Value& value);
  static std::string type_name();
};

}  // namespace daffi::inline v1
