/// @file  Codec<T>'s frame, and the codecs of numbers, text and bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daffi/detail/shape.hpp"
#include "daffi/reader.hpp"
#include "daffi/writer.hpp"

namespace daffi::inline v1 {

namespace detail {
template <typename T, Shape S>
struct ShapedCodec;
}

/// write: throws what Writer throws. read: `value` comes default-constructed; false with the Reader's error set, never
/// an exception (out of memory aside). type_name: the type as signatures show it, the same words in every language.
template <typename T>
struct Codec : detail::ShapedCodec<T, detail::shape_of<T>()> {};

/// "int", "list[str]", "dict[str, int]", "optional[float]", an aggregate's own name, …
template <typename T>
std::string type_name() {
  return Codec<std::remove_cvref_t<T>>::type_name();
}

template <>
struct DAFFI_API Codec<void> {
  static std::string type_name() { return "None"; }
};

template <>
struct Codec<std::nullptr_t> {
  static void write(Writer& writer, std::nullptr_t) { writer.nil(); }
  static bool read(Reader& reader, std::nullptr_t&) { return reader.read_nil(); }
  static std::string type_name() { return "None"; }
};

/// Written only.
template <>
struct Codec<const char*> {
  static void write(Writer& writer, const char* value) { writer.text(value); }
  static std::string type_name() { return "str"; }
};

template <>
struct Codec<char*> : Codec<const char*> {};

template <std::size_t N>
struct Codec<char[N]> : Codec<const char*> {};

namespace detail {

template <typename T>
struct ShapedCodec<T, Shape::none> {
  static_assert(
      sizeof(T) == 0,
      "daffi cannot carry this type: it is neither a number, text, container, optional, variant, tuple, chrono "
      "type or plain aggregate of such, nor has it a specialisation of daffi::Codec");
};

template <typename T>
struct ShapedCodec<T, Shape::boolean> {
  static void write(Writer& writer, bool value) { writer.boolean(value); }
  static bool read(Reader& reader, bool& value) { return reader.read_boolean(value); }
  static std::string type_name() { return "bool"; }
};

template <typename T>
constexpr std::string_view integer_label() {
  constexpr std::string_view labels[] = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"};
  constexpr std::size_t power = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return labels[power + (std::is_signed_v<T> ? 4 : 0)];
}

template <typename T>
struct ShapedCodec<T, Shape::integer> {
  static void write(Writer& writer, T value) {
    if constexpr (std::is_signed_v<T>) {
      writer.integer(value);
    } else {
      writer.unsigned_integer(value);
    }
  }
  static bool read(Reader& reader, T& value) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
      std::uint64_t wide;
      if (!reader.read_unsigned(wide)) return false;
      value = static_cast<T>(wide);
    } else {
      std::int64_t wide;
      if (!reader.read_integer(wide)) return false;
      if constexpr (sizeof(T) < 8) {
        if (wide < std::int64_t{std::numeric_limits<T>::min()} || wide > std::int64_t{std::numeric_limits<T>::max()}) {
          return reader.fail_range(wide, integer_label<T>());
        }
      }
      value = static_cast<T>(wide);
    }
    return true;
  }
  static std::string type_name() { return "int"; }
};

template <typename T>
struct ShapedCodec<T, Shape::real> {
  static void write(Writer& writer, T value) {
    if constexpr (sizeof(T) == 4) {
      writer.real32(value);
    } else {
      writer.real(value);
    }
  }
  static bool read(Reader& reader, T& value) {
    double wide;
    if (!reader.read_real(wide)) return false;
    if constexpr (sizeof(T) == 4) {
      constexpr double most = std::numeric_limits<float>::max();
      bool infinite = wide - wide != 0;  // or not a number: both are kept as they are
      if (!infinite && (wide > most || wide < -most)) return reader.fail("value is out of range for float32");
    }
    value = static_cast<T>(wide);
    return true;
  }
  static std::string type_name() { return "float"; }
};

/// An enumeration travels as its number; any number its underlying type holds is accepted.
template <typename T>
struct ShapedCodec<T, Shape::enumeration> {
  using Number = std::underlying_type_t<T>;
  static void write(Writer& writer, T value) { Codec<Number>::write(writer, static_cast<Number>(value)); }
  static bool read(Reader& reader, T& value) {
    Number number{};
    if (!Codec<Number>::read(reader, number)) return false;
    value = static_cast<T>(number);
    return true;
  }
  static std::string type_name() { return Codec<Number>::type_name(); }
};

/// std::string, and std::string_view: the latter is read as a view into the Reader's bytes and lives no longer.
template <typename T>
struct ShapedCodec<T, Shape::text> {
  static void write(Writer& writer, std::string_view value) { writer.text(value); }
  static bool read(Reader& reader, T& value) {
    if constexpr (std::is_same_v<T, std::string>) return reader.take_text(value);
    std::string_view view;
    if (!reader.read_text(view)) return false;
    value = T(view);
    return true;
  }
  static std::string type_name() { return "str"; }
};

/// Contiguous bytes: std::vector or std::array of std::byte or unsigned char, and a span of const ones (read as a view
/// into the Reader's bytes).
template <typename T>
struct ShapedCodec<T, Shape::bytes> {
  using Byte = std::remove_cvref_t<decltype(*std::declval<T&>().data())>;
  static void write(Writer& writer, const T& value) {
    writer.binary({reinterpret_cast<const std::byte*>(value.data()), value.size()});
  }
  static bool read(Reader& reader, T& value) {
    std::span<const std::byte> view;
    if (!reader.read_binary(view)) return false;
    auto first = reinterpret_cast<const Byte*>(view.data());
    if constexpr (requires { value.assign(first, first + view.size()); }) {
      value.assign(first, first + view.size());
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
      if (view.size() != value.size()) return wrong_size(reader, view.size());
      for (std::size_t i = 0; i < view.size(); ++i) value[i] = first[i];
    } else {
      static_assert(std::is_const_v<typename T::element_type>, "daffi: only a span of const bytes can be read");
      value = T(first, view.size());
    }
    return true;
  }
  static std::string type_name() { return "bytes"; }

 private:
  static bool wrong_size(Reader& reader, std::size_t size) {
    return reader.fail("expected " + std::to_string(std::tuple_size<T>::value) + " bytes, got " + std::to_string(size));
  }
};

/// As Codec<T>::write, of a value that stays as it is as long as Writer::lend_text() says.
template <typename T>
void lend_value(Writer& writer, const T& value, const std::shared_ptr<const void>& owner = nullptr) {
  if constexpr (std::is_same_v<T, std::string>)
    writer.lend_text(value, owner);
  else if constexpr (is_one_run<T>)
    writer.lend_binary(std::as_bytes(std::span(value)), owner);
  else
    Codec<T>::write(writer, value);
}

/// As Codec<T>::write, of a value that nobody needs afterwards: one that is large is kept instead of copied.
template <typename T>
void hand_over_value(Writer& writer, T&& value) {
  using Value = std::remove_cvref_t<T>;
  if constexpr (is_one_run<Value> && std::is_same_v<T, Value>) {
    if (value.size() >= Writer::lent_from) {
      const auto kept = std::make_shared<const Value>(std::move(value));
      return lend_value(writer, *kept, kept);
    }
  }
  Codec<Value>::write(writer, value);
}

}  // namespace detail
}  // namespace daffi::inline v1
