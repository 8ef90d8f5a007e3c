/// @file  Signature: a callback's parameters and result as its callers see them, whatever their language.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/codec.hpp"
#include "daffi/detail/function_traits.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// Value.
struct Parameter {
  std::string name = {};  ///< empty when the callback was registered without names
  std::string type = {};  ///< type_name<T>(), empty when its language does not know
  bool has_default = false;
  bool variadic = false;           ///< takes any number of positional arguments
  bool keyword_only = false;       ///< cannot be given by position
  bool any_keywords = false;       ///< takes any number of further keyword arguments; stands last
  std::string default_text = {};   ///< as a person would write it
  std::string default_value = {};  ///< as MessagePack; only in the callback's own process, ignored when comparing

  friend DAFFI_API bool operator==(const Parameter&, const Parameter&);
};

/// Travels as a list (spec/values.md), without the documentation and the defaults' values. Value.
struct Signature {
  std::vector<Parameter> parameters = {};
  std::string returns = {};  ///< the result's type, or a stream's items'; empty when its language does not know
  bool stream = false;
  std::string documentation = {};

  bool operator==(const Signature&) const = default;
  /// "def f(a: int, b: str = 'x') -> int".
  DAFFI_API std::string text(std::string_view name) const;
};

template <>
struct DAFFI_API Codec<Parameter> {
  static void write(Writer& writer, const Parameter& value);
  static bool read(Reader& reader, Parameter& value);
};

template <>
struct DAFFI_API Codec<Signature> {
  static void write(Writer& writer, const Signature& value);
  static bool read(Reader& reader, Signature& value);
};

/// Why so many positional arguments and these keywords do not fit, in Python's words: "f() missing 1 required
/// positional argument: 'b'". Nothing when they fit. Types are not looked at. Threads: any.
DAFFI_API std::optional<std::string> check_arguments(std::string_view name, const Signature& signature,
                                                     std::size_t positional, std::span<const std::string> keywords);

/// The whole text of an argument error: the mistake, the callback's signature, and what was given.
DAFFI_API std::string argument_error_text(std::string_view mistake, std::string_view name, const Signature& signature,
                                          std::string_view provided);

/// Encoded arguments as a person would write them, "(1, 'x', end=3)", cut off where it gets long. For error texts;
/// bytes that are no arguments show as such. Threads: any.
DAFFI_API std::string show_arguments(std::span<const std::byte> arguments);
/// The same for one encoded value.
DAFFI_API std::string show_value(std::span<const std::byte> value);

namespace detail {

/// How one parameter's value is read: into a T, or appended to a Variadic<T>.
struct ArgumentSlot {
  bool (*read)(Reader&, void*);
  void* value;
};

DAFFI_API bool read_arguments(Reader& reader, std::string_view name, const Signature& signature,
                              std::span<const ArgumentSlot> slots);

struct ParameterType {
  std::string name;
  bool variadic;
  /// Reads a T and forgets it: checks a default.
  bool (*check)(Reader&);
};

DAFFI_API Signature make_signature(std::span<const ParameterType> types, const Parameters& parameters);

template <typename T>
inline constexpr bool is_variadic = false;
template <typename T>
inline constexpr bool is_variadic<Variadic<T>> = true;

template <typename T>
bool read_and_forget(Reader& reader) {
  T value{};
  return Codec<T>::read(reader, value);
}

template <typename T>
bool read_item(Reader& reader, void* list) {
  return Codec<T>::read(reader, static_cast<Variadic<T>*>(list)->items.emplace_back());
}

template <typename T>
struct SlotOf {
  static ParameterType type() { return {Codec<T>::type_name(), false, &read_and_forget<T>}; }
  static ArgumentSlot slot(T& value) { return {&read_erased<T>, &value}; }
};

template <typename T>
struct SlotOf<Variadic<T>> {
  static ParameterType type() { return {Codec<T>::type_name(), true, &read_and_forget<T>}; }
  static ArgumentSlot slot(Variadic<T>& value) { return {&read_item<T>, &value}; }
};

template <typename Tuple>
struct SignatureOf;

template <typename... Ts>
struct SignatureOf<std::tuple<Ts...>> {
  static_assert(sizeof...(Ts) <= 64, "daffi: a callback has more than 64 parameters");
  static Signature make(const Parameters& parameters) {
    const ParameterType types[] = {SlotOf<Ts>::type()..., {{}, false, nullptr}};
    return make_signature({types, sizeof...(Ts)}, parameters);
  }
};

}  // namespace detail

/// The signature of a function, lambda, pointer to (member) function, or type of one. A leading CallContext& is left
/// out; Task<R> counts as R, a generator as a stream of its items. Throws InitializationError when `parameters` does
/// not fit the callable.
template <typename F>
Signature signature_of(const Parameters& parameters = {}) {
  using Traits = detail::FunctionTraits<F>;
  Signature signature = detail::SignatureOf<typename Traits::Tuple>::make(parameters);
  signature.returns = type_name<typename Traits::Value>();
  signature.stream = Traits::stream;
  return signature;
}

template <typename F>
Signature signature_of(const F&, const Parameters& parameters = {}) {
  return signature_of<F>(parameters);
}

/// Reads encoded arguments into `arguments` (default-constructed), positional ones, keywords and defaults alike. False
/// with the Reader's error() set, in Python's words: "f() got an unexpected keyword argument 'x'", or naming the
/// argument: "f() argument 2 'item': expected integer, got str". `signature` is signature_of the same callable.
template <typename... Ts>
bool decode_arguments(Reader& reader, std::string_view name, const Signature& signature, std::tuple<Ts...>& arguments) {
  return std::apply(
      [&](Ts&... values) {
        const detail::ArgumentSlot slots[] = {detail::SlotOf<Ts>::slot(values)..., {nullptr, nullptr}};
        return detail::read_arguments(reader, name, signature, {slots, sizeof...(Ts)});
      },
      arguments);
}

}  // namespace daffi::inline v1
