/// @file  Codecs of optional, variant, tuple and pair.
#pragma once

#include <optional>
#include <tuple>
#include <variant>

#include "daffi/detail/codec_base.hpp"

namespace daffi::inline v1 {

template <>
struct Codec<std::monostate> {
  static void write(Writer& writer, std::monostate) { writer.nil(); }
  static bool read(Reader& reader, std::monostate&) { return reader.read_nil(); }
  static std::string type_name() { return "None"; }
};

/// nil, or the value.
template <typename T>
struct Codec<std::optional<T>> {
  static void write(Writer& writer, const std::optional<T>& value) {
    if (value.has_value()) {
      Codec<T>::write(writer, *value);
    } else {
      writer.nil();
    }
  }
  static bool read(Reader& reader, std::optional<T>& value) {
    if (reader.peek() == Kind::nil) {
      value.reset();
      return reader.read_nil();
    }
    return Codec<T>::read(reader, value.emplace());
  }
  static std::string type_name() { return "optional[" + Codec<T>::type_name() + "]"; }
};

/// Written as the alternative it holds, without a tag. Read as the first alternative that takes what is there exactly
/// (no float from an integer), else as the first that takes it at all.
template <typename... Ts>
struct Codec<std::variant<Ts...>> {
  using Variant = std::variant<Ts...>;
  static void write(Writer& writer, const Variant& value) { write_held(writer, value, Indices{}); }
  static bool read(Reader& reader, Variant& value) {
    Reader::Trial trial(reader);
    if (read_first(reader, trial, value, Indices{})) return trial.accept();
    if (trial.loosen() && read_first(reader, trial, value, Indices{})) return trial.accept();
    return trial.refuse(type_name());
  }
  static std::string type_name() {
    std::string names;
    ((names += (names.empty() ? "" : " | ") + Codec<Ts>::type_name()), ...);
    return names;
  }

 private:
  using Indices = std::index_sequence_for<Ts...>;
  template <std::size_t... I>
  static void write_held(Writer& writer, const Variant& value, std::index_sequence<I...>) {
    (write_if<I>(writer, value), ...);
  }
  template <std::size_t I>
  static void write_if(Writer& writer, const Variant& value) {
    if (auto held = std::get_if<I>(&value)) Codec<std::variant_alternative_t<I, Variant>>::write(writer, *held);
  }
  template <std::size_t... I>
  static bool read_first(Reader& reader, Reader::Trial& trial, Variant& value, std::index_sequence<I...>) {
    return (... || (trial.again() && Codec<Ts>::read(reader, value.template emplace<I>())));
  }
};

namespace detail {

/// A list of exactly as many elements, each of its own type.
template <typename Tuple, typename... Ts>
struct TupleCodec {
  static void write(Writer& writer, const Tuple& value) {
    Writer::Nested nested(writer);
    writer.array(sizeof...(Ts));
    write_items(writer, value, std::index_sequence_for<Ts...>{});
  }
  static bool read(Reader& reader, Tuple& value) {
    std::size_t count;
    if (!reader.read_array(count) || !reader.enter()) return false;
    if (count != sizeof...(Ts)) return reader.fail_count(sizeof...(Ts), count);
    if (!read_items(reader, value, std::index_sequence_for<Ts...>{})) return false;
    reader.leave();
    return true;
  }
  static std::string type_name() {
    std::string names;
    ((names += (names.empty() ? "" : ", ") + Codec<Ts>::type_name()), ...);
    return "tuple[" + names + "]";
  }

 private:
  template <std::size_t... I>
  static void write_items([[maybe_unused]] Writer& writer, [[maybe_unused]] const Tuple& value,
                          std::index_sequence<I...>) {
    (Codec<Ts>::write(writer, std::get<I>(value)), ...);
  }
  template <std::size_t... I>
  static bool read_items([[maybe_unused]] Reader& reader, [[maybe_unused]] Tuple& value, std::index_sequence<I...>) {
    return (... && (Codec<Ts>::read(reader, std::get<I>(value)) || reader.inside(I)));
  }
};

}  // namespace detail

template <typename... Ts>
struct Codec<std::tuple<Ts...>> : detail::TupleCodec<std::tuple<Ts...>, Ts...> {};

template <typename First, typename Second>
struct Codec<std::pair<First, Second>> : detail::TupleCodec<std::pair<First, Second>, First, Second> {};

}  // namespace daffi::inline v1
