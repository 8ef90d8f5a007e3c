/// @file  A typed fetcher's arguments: checked against its parameters, written as a call carries them.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "daffi/args.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"
#include "daffi/signature.hpp"

namespace daffi::inline v1::detail {

template <typename Parameters>
inline constexpr bool ends_variadic = false;
template <typename T>
inline constexpr bool ends_variadic<std::tuple<T>> = is_variadic<T>;
template <typename T, typename... Ts>
  requires(sizeof...(Ts) > 0)
inline constexpr bool ends_variadic<std::tuple<T, Ts...>> = ends_variadic<std::tuple<Ts...>>;

template <typename Parameters, typename... Ts>
concept ExactArguments = std::same_as<Parameters, std::tuple<Ts...>>;

/// The type that the I-th positional argument is converted to; void: there is no such parameter.
template <typename Parameters, std::size_t I, typename = void>
struct ParameterAt {
  using type = void;
};
template <typename Parameters, std::size_t I>
  requires(I < std::tuple_size_v<Parameters> - (ends_variadic<Parameters> ? 1 : 0))
struct ParameterAt<Parameters, I> {
  using type = std::tuple_element_t<I, Parameters>;
};
template <typename Parameters, std::size_t I>
  requires(ends_variadic<Parameters> && I >= std::tuple_size_v<Parameters> - 1)
struct ParameterAt<Parameters, I> {
  using type =
      typename decltype(std::tuple_element_t<std::tuple_size_v<Parameters> - 1, Parameters>::items)::value_type;
};

template <typename T, typename Parameter>
inline constexpr bool argument_fits = is_keyword<T> || std::convertible_to<const T&, Parameter>;

template <typename Parameters, typename Indices, typename... Ts>
inline constexpr bool arguments_fit = false;
template <typename Parameters, std::size_t... I, typename... Ts>
inline constexpr bool arguments_fit<Parameters, std::index_sequence<I...>, Ts...> =
    (argument_fits<Ts, typename ParameterAt<Parameters, I>::type> && ...);

/// What the exact overload does not take: keywords, or arguments for a Variadic one by one.
template <typename Parameters, typename... Ts>
concept LooseArguments = (ends_variadic<Parameters> || (is_keyword<Ts> || ...)) && !ExactArguments<Parameters, Ts...> &&
                         arguments_fit<Parameters, std::index_sequence_for<Ts...>, Ts...>;

/// A modifier, which is never an argument.
template <typename T>
concept Modifier = requires { typename std::decay_t<T>::Modifier; } &&
                   std::same_as<typename std::decay_t<T>::Modifier, std::decay_t<T>>;

template <typename Parameters, typename... Ts>
inline constexpr bool exact_arguments_fit = false;
template <typename... Parameters, typename... Ts>
  requires(sizeof...(Parameters) == sizeof...(Ts))
inline constexpr bool exact_arguments_fit<std::tuple<Parameters...>, Ts...> =
    (std::convertible_to<Ts, const Parameters&> && ...);

/// What no call takes: it is caught to be refused in words.
template <typename Parameters, typename... Ts>
concept WrongArguments = !exact_arguments_fit<Parameters, Ts...> && !LooseArguments<Parameters, std::decay_t<Ts>...>;

/// Does not compile, and says why. Never called.
template <typename Parameters, typename... Ts>
void refuse_arguments() {
  constexpr bool open_ended = ends_variadic<Parameters> || (is_keyword<std::decay_t<Ts>> || ...);
  constexpr bool has_modifier = (Modifier<Ts> || ...);
  constexpr bool right_count = open_ended || sizeof...(Ts) == std::tuple_size_v<Parameters>;
  static_assert(!has_modifier, "daffi: a modifier is given to call(), as its first argument");
  static_assert(has_modifier || right_count,
                "daffi: the number of arguments is not that of the parameters of this Fetch");
  static_assert(has_modifier || !right_count, "daffi: an argument cannot be converted to its parameter of this Fetch");
}

template <typename Parameter, typename T>
void write_converted(Writer& writer, const T& argument) {
  if constexpr (!is_keyword<T>) {
    const Parameter& converted = argument;
    Codec<Parameter>::write(writer, converted);
  }
}

template <typename Parameters, std::size_t... I, typename... Ts>
void write_each(Writer& writer, CallSpec& spec, std::index_sequence<I...>, const Ts&... arguments) {
  static_assert(keywords_come_last<Ts...>(), "daffi: a positional argument follows a keyword argument");
  spec.positional = positional_count<Ts...>;
  spec.keywords = keyword_names(arguments...);
  writer.array(spec.positional);
  (write_converted<typename ParameterAt<Parameters, I>::type>(writer, arguments), ...);
  writer.map(spec.keywords.size());
  (write_keyword(writer, arguments), ...);
}

template <typename T>
std::size_t items_in(const T& argument) {
  if constexpr (is_variadic<T>)
    return argument.size();
  else
    return 1;
}

template <typename T>
void write_items(Writer& writer, const T& argument) {
  if constexpr (is_variadic<T>) {
    for (const auto& item : argument) Codec<std::decay_t<decltype(item)>>::write(writer, item);
  } else {
    Codec<T>::write(writer, argument);
  }
}

template <typename Parameters, typename... Ts>
void write_loose(Writer& writer, CallSpec& spec, const Ts&... arguments) {
  if constexpr (ExactArguments<Parameters, Ts...>) {
    spec.positional = (std::size_t{0} + ... + items_in(arguments));
    spec.keywords.clear();
    writer.array(spec.positional);
    (write_items(writer, arguments), ...);
    writer.map(0);
  } else {
    write_each<Parameters>(writer, spec, std::index_sequence_for<Ts...>{}, arguments...);
  }
}

/// For a call that blocks: what is large stays where it is until the call has ended.
template <typename... Ts>
void lend_arguments(Writer& writer, const Ts&... arguments) {
  writer.array(sizeof...(Ts));
  (lend_value(writer, arguments), ...);
  writer.map(0);
}

/// Writes what a fetcher's body returned.
template <typename T>
void write_returned(Writer& writer, CallSpec& spec, const T& returned) {
  with_arguments(returned, [&](const auto&... arguments) {
    spec.positional = positional_count<std::decay_t<decltype(arguments)>...>;
    spec.keywords = keyword_names(arguments...);
    encode_arguments(writer, arguments...);
  });
}

/// Throws GlobalContextError (invalid_modifier): streams go by FG and BG.
[[noreturn]] DAFFI_API void refuse_stream_modifier(std::string_view name);

/// Throws GlobalContextError (wrong_arguments): a body takes the Fetch's own parameters, no keywords.
[[noreturn]] DAFFI_API void refuse_loose_arguments(std::string_view name);

}  // namespace daffi::inline v1::detail
