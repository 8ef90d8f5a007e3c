/// @file  Arguments as callers give them (positional, keywords, Args) and as callbacks name them (params, Variadic).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "daffi/codec.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// A keyword argument of a call, made by kw(). Holds its value; the name is a literal or outlives it. Value.
template <typename T>
struct Keyword {
  std::string_view name;
  T value;
};

/// `f(1, kw("end", 1000))`: the callback's parameter of that name gets the value.
template <typename T>
Keyword<std::decay_t<T>> kw(std::string_view name, T&& value) {
  return {name, std::forward<T>(value)};
}

/// What a fetcher's body returns to give the call several arguments, keywords among them: `Args{a, b, kw("end", 5)}`.
/// Value.
template <typename... Ts>
struct Args {
  std::tuple<Ts...> values;
  Args(Ts... arguments) : values(std::move(arguments)...) {}  // NOLINT(google-explicit-constructor)
};

/// A callback's last parameter of this type takes all positional arguments that are left: `int sum(Variadic<int>)`.
/// Value.
template <typename T>
struct Variadic {
  std::vector<T> items;

  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
  std::size_t size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const T& operator[](std::size_t index) const { return items[index]; }
};

/// A parameter's name and, where it has one, its default. Value.
struct NamedParameter {
  std::string name;
  bool has_default = false;
  std::string default_value = {};  ///< as MessagePack
};

namespace detail {
DAFFI_API std::string bytes_of(const Writer& writer);
}

/// `arg("step") = 1`: a parameter's name with its default. Value.
struct arg {  // NOLINT(readability-identifier-naming): reads as a word of params()
  explicit arg(std::string_view parameter) : name(parameter) {}
  template <typename T>
  NamedParameter operator=(const T& value) const {  // NOLINT(misc-unconventional-assign-operator)
    Writer writer;
    Codec<T>::write(writer, value);
    return {name, true, detail::bytes_of(writer)};
  }
  std::string name;
};

/// A callback's parameters as params() names them; empty when they are not named. Value.
struct Parameters {
  std::vector<NamedParameter> list;
};

namespace detail {
inline NamedParameter named(NamedParameter parameter) { return parameter; }
inline NamedParameter named(const arg& parameter) { return {parameter.name}; }
inline NamedParameter named(std::string_view name) { return {std::string(name)}; }
}  // namespace detail

/// Names a callback's parameters, so that it takes keywords: `params("end", arg("step") = 1)`.
template <typename... Ts>
Parameters params(const Ts&... parameters) {
  Parameters result;
  result.list.reserve(sizeof...(Ts));
  (result.list.push_back(detail::named(parameters)), ...);
  return result;
}

namespace detail {

template <typename T>
inline constexpr bool is_keyword = false;
template <typename T>
inline constexpr bool is_keyword<Keyword<T>> = true;

template <typename... Ts>
constexpr bool keywords_come_last() {
  bool seen = false;
  bool fine = true;
  ((is_keyword<Ts> ? void(seen = true) : void(fine = fine && !seen)), ...);
  return fine;
}

template <typename T>
void write_positional(Writer& writer, const T& value) {
  if constexpr (!is_keyword<T>) Codec<T>::write(writer, value);
}

template <typename T>
void write_keyword(Writer& writer, const T& value) {
  if constexpr (is_keyword<T>) {
    writer.text(value.name);
    Codec<decltype(value.value)>::write(writer, value.value);
  }
}

template <typename T>
void collect_keyword([[maybe_unused]] std::vector<std::string>& names, [[maybe_unused]] const T& value) {
  if constexpr (is_keyword<T>) names.emplace_back(value.name);
}

}  // namespace detail

/// How many of these arguments are positional.
template <typename... Ts>
inline constexpr std::size_t positional_count = (std::size_t{0} + ... + (detail::is_keyword<Ts> ? 0 : 1));

/// The names of the keyword arguments among these.
template <typename... Ts>
std::vector<std::string> keyword_names(const Ts&... arguments) {
  std::vector<std::string> names;
  (detail::collect_keyword(names, arguments), ...);
  return names;
}

/// Writes a call's arguments: the list of the positional ones, then the map of the keywords, empty when there are none.
/// Throws as Writer does.
template <typename... Ts>
void encode_arguments(Writer& writer, const Ts&... arguments) {
  static_assert(detail::keywords_come_last<Ts...>(), "daffi: a positional argument follows a keyword argument");
  constexpr std::size_t positional = positional_count<Ts...>;
  writer.array(positional);
  (detail::write_positional(writer, arguments), ...);
  writer.map(sizeof...(Ts) - positional);
  (detail::write_keyword(writer, arguments), ...);
}

/// Calls `use` with the arguments that a fetcher's body returned: those of an Args or a tuple, else the value itself as
/// the only one.
template <typename T, typename Use>
decltype(auto) with_arguments(const T& returned, Use&& use) {
  return use(returned);
}
template <typename... Ts, typename Use>
decltype(auto) with_arguments(const Args<Ts...>& returned, Use&& use) {
  return std::apply(std::forward<Use>(use), returned.values);
}
template <typename... Ts, typename Use>
decltype(auto) with_arguments(const std::tuple<Ts...>& returned, Use&& use) {
  return std::apply(std::forward<Use>(use), returned);
}

/// encode_arguments of what a fetcher's body returned.
template <typename T>
void encode_returned_arguments(Writer& writer, const T& returned) {
  with_arguments(returned, [&](const auto&... arguments) { encode_arguments(writer, arguments...); });
}

}  // namespace daffi::inline v1
