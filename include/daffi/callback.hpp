/// @file  Callbacks: functions, lambdas and methods that other processes may call.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/call_context.hpp"
#include "daffi/detail/callback_shell.hpp"
#include "daffi/function_name.hpp"
#include "daffi/registration.hpp"
#include "daffi/signature.hpp"

namespace daffi::inline v1 {

/// Documentation text of a callback, shown by `daffi ls` and Global::documentation(). Value.
struct Doc {
  std::string text;
};

inline Doc doc(std::string text) { return {std::move(text)}; }

namespace detail {

/// What a registration says about a callback beyond the function itself. Value.
struct CallbackWords {
  std::string name;
  Parameters parameters;
  std::string documentation;

  void take(std::string_view alias) { name = alias; }
  void take(Parameters named) { parameters = std::move(named); }
  void take(Doc text) { documentation = std::move(text.text); }
};

template <typename... Words>
CallbackWords collect_words(std::string_view name, const Words&... words) {
  CallbackWords result;
  result.name = name;
  (result.take(words), ...);
  return result;
}

template <typename Fn>
CallbackSpec callback_spec(CallbackWords words, Fn fn) {
  auto face = std::make_shared<Face<Fn>>(std::move(fn));
  face->name = std::move(words.name);
  face->signature = signature_of<Fn>(words.parameters);
  face->signature.documentation = std::move(words.documentation);
  CallbackSpec spec;
  spec.name = face->name;
  spec.signature = face->signature;
  spec.wants_context = FunctionTraits<Fn>::wants_context;
  spec.handler = [face = std::move(face)](Invocation& invocation) { serve(face, invocation); };
  return spec;
}

/// A string that may be a template argument.
template <std::size_t N>
struct FixedText {
  char data[N]{};
  consteval FixedText(const char (&text)[N]) {
    for (std::size_t i = 0; i < N; ++i) data[i] = text[i];
  }
  constexpr std::string_view view() const { return {data, N - 1}; }
};

template <auto M, FixedText Alias>
struct AliasedMethod {};

/// One entry of Methods: a pointer to a (static) member function, or method<…> with an alias.
template <auto Entry>
struct MethodEntry {
  static constexpr auto pointer = Entry;
  static constexpr std::string_view name() { return function_name<Entry>(); }
};
template <auto M, FixedText Alias, AliasedMethod<M, Alias> Entry>
struct MethodEntry<Entry> {
  static constexpr auto pointer = M;
  static constexpr std::string_view name() { return Alias.view(); }
};

/// A member function together with the object it is called on. Called like the member function itself.
template <typename T, auto M, typename R, typename... Ts>
struct BoundMethod {
  std::shared_ptr<T> object;
  R operator()(Ts... arguments) const {
    if constexpr (std::is_member_pointer_v<decltype(M)>)
      return (object.get()->*M)(std::forward<Ts>(arguments)...);
    else
      return M(std::forward<Ts>(arguments)...);
  }
};

template <auto M, typename T, typename R, typename C, typename... Ts>
BoundMethod<T, M, R, Ts...> bind_method(const std::shared_ptr<T>& object, R (C::*)(Ts...)) {
  return {object};
}
template <auto M, typename T, typename R, typename C, typename... Ts>
BoundMethod<T, M, R, Ts...> bind_method(const std::shared_ptr<T>& object, R (C::*)(Ts...) const) {
  return {object};
}
template <auto M, typename T, typename R, typename... Ts>
BoundMethod<T, M, R, Ts...> bind_method(const std::shared_ptr<T>& object, R (*)(Ts...)) {
  return {object};
}

}  // namespace detail

/// The public face of a class: `using callbacks = daffi::Methods<&Shop::get_items, daffi::method<&Shop::add, "buy">>;`.
/// Names are the methods' own, or the alias. What is not listed is never reachable.
template <auto... Entries>
struct Methods {};

/// An entry of Methods under another name; the method's own name is then not callable.
template <auto M, detail::FixedText Alias>
inline constexpr detail::AliasedMethod<M, Alias> method{};

/// Picks one of several functions or methods of the same name: `daffi::overload<int(int) const>(&Shop::price)`.
template <typename Signature, typename C>
constexpr auto overload(Signature C::*pointer) {
  return pointer;
}
template <typename Signature>
constexpr auto overload(Signature* pointer) {
  return pointer;
}

/// Names the parameters of a served method, and documents it: an argument of serve().
struct MethodWords {
  std::string_view name;
  Parameters parameters;
  std::string documentation;
};

/// `g.serve(shop, daffi::describe<&Shop::add_item>(daffi::params("item"), daffi::doc("Puts an item on the list.")))`.
template <auto M, typename... Words>
MethodWords describe(const Words&... words) {
  auto collected = detail::collect_words(function_name<M>(), words...);
  return {function_name<M>(), std::move(collected.parameters), std::move(collected.documentation)};
}

namespace detail {

template <auto Entry, typename T>
CallbackSpec method_spec(const std::shared_ptr<T>& object, const std::vector<MethodWords>& described) {
  using E = MethodEntry<Entry>;
  CallbackWords words;
  words.name = E::name();
  for (const auto& method : described) {
    if (method.name != function_name<E::pointer>()) continue;
    words.parameters = method.parameters;
    words.documentation = method.documentation;
  }
  return callback_spec(std::move(words), bind_method<E::pointer>(object, E::pointer));
}

template <typename T, auto... Entries>
std::vector<CallbackSpec> method_specs(const std::shared_ptr<T>& object, Methods<Entries...>,
                                       const std::vector<MethodWords>& described) {
  std::vector<CallbackSpec> specs;
  specs.reserve(sizeof...(Entries));
  (specs.push_back(method_spec<Entries>(object, described)), ...);
  return specs;
}

template <typename T>
std::vector<CallbackSpec> service_specs(const std::shared_ptr<T>& object, const std::vector<MethodWords>& described) {
  static_assert(
      requires { typename T::callbacks; },
      "daffi: a served class lists its callbacks: using callbacks = daffi::Methods<&T::a, &T::b>; in its public part");
  return method_specs(object, typename T::callbacks{}, described);
}

template <auto F>
auto as_callable() {
  static_assert(!std::is_member_pointer_v<decltype(F)>, "daffi: a method needs its object: use serve()");
  return F;
}

DAFFI_API Registration register_by_default(std::vector<CallbackSpec> specs);

}  // namespace detail

/// Registers a function with the default registry, which every Global of this process serves, those that come later
/// too. `words`: an alias (text), params(…), doc(…), in any order. The last registration of a name wins. Like all
/// callbacks it may run on several threads at once. Threads: any. Documentation: 2.1.
template <auto F, typename... Words>
Registration callback(const Words&... words) {
  return detail::register_by_default(
      {detail::callback_spec(detail::collect_words(function_name<F>(), words...), detail::as_callable<F>())});
}

/// The same for a lambda or other function object with one operator().
template <typename Fn, typename... Words>
  requires(!std::convertible_to<Fn, std::string_view>)
Registration callback(std::string_view name, Fn fn, const Words&... words) {
  return detail::register_by_default({detail::callback_spec(detail::collect_words(name, words...), std::move(fn))});
}

/// Serves the methods of `object` that its class lists in `callbacks`, from every Global of this process.
template <typename T, typename... Described>
Registration serve(const std::shared_ptr<T>& object, const Described&... described) {
  return detail::register_by_default(detail::service_specs(object, {described...}));
}

/// The same for a new T of its own ("auto_init" in the documentation, 1.1).
template <typename T>
Registration serve() {
  return serve(std::make_shared<T>());
}

}  // namespace daffi::inline v1
