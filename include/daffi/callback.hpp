/// @file  Callbacks: functions, lambdas and methods that other processes may call.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daffi/args.hpp"
#include "daffi/call_context.hpp"
#include "daffi/detail/callback_list.hpp"
#include "daffi/detail/callback_shell.hpp"
#include "daffi/function_name.hpp"
#include "daffi/registration.hpp"
#include "daffi/signature.hpp"

namespace daffi::inline v1 {

namespace detail {

template <typename... Words>
CallbackWords collect_words(std::string_view name, const Words&... words) {
  CallbackWords result(name);
  (result.take(words), ...);
  return result;
}

template <typename Fn>
CallbackList list_of(const CallbackWords& words, Fn fn) {
  CallbackList list;
  add_callback(list, words, std::move(fn));
  return list;
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

/// `g.serve(shop, daffi::describe<&Shop::add_item>(daffi::params("item"), daffi::doc("Puts an item on the list.")))`.
template <auto M, typename... Words>
detail::CallbackWords describe(const Words&... words) {
  return detail::collect_words(function_name<M>(), words...);
}

namespace detail {

template <auto Entry, typename T>
void add_method(CallbackList& list, const std::shared_ptr<T>& object, std::span<const CallbackWords* const> described) {
  using E = MethodEntry<Entry>;
  CallbackWords words(E::name());
  words.take(function_name<E::pointer>(), described);
  add_callback(list, words, bind_method<E::pointer>(object, E::pointer));
}

template <typename T, auto... Entries>
void add_methods(CallbackList& list, const std::shared_ptr<T>& object, Methods<Entries...>,
                 std::span<const CallbackWords* const> described) {
  (add_method<Entries>(list, object, described), ...);
}

template <typename T, typename... Described>
CallbackList service_list(const std::shared_ptr<T>& object, const Described&... described) {
  static_assert(
      requires { typename T::callbacks; },
      "daffi: a served class lists its callbacks: using callbacks = daffi::Methods<&T::a, &T::b>; in its public part");
  const CallbackWords* const words[] = {&described..., nullptr};
  CallbackList list;
  add_methods(list, object, typename T::callbacks{}, {words, sizeof...(Described)});
  return list;
}

template <auto F>
auto as_callable() {
  static_assert(!std::is_member_pointer_v<decltype(F)>, "daffi: a method needs its object: use serve()");
  return F;
}

DAFFI_API Registration register_by_default(CallbackList list);

}  // namespace detail

/// Registers a function with the default registry, which every Global of this process serves, those that come later
/// too. `words`: an alias (text), params(…), doc(…), in any order. The last registration of a name wins. Like all
/// callbacks it may run on several threads at once. Threads: any. Documentation: 2.1.
template <auto F, typename... Words>
Registration callback(const Words&... words) {
  return detail::register_by_default(
      detail::list_of(detail::collect_words(function_name<F>(), words...), detail::as_callable<F>()));
}

/// The same for a lambda or other function object with one operator().
template <typename Fn, typename... Words>
  requires(!std::convertible_to<Fn, std::string_view>)
Registration callback(std::string_view name, Fn fn, const Words&... words) {
  return detail::register_by_default(detail::list_of(detail::collect_words(name, words...), std::move(fn)));
}

/// Serves the methods of `object` that its class lists in `callbacks`, from every Global of this process.
template <typename T, typename... Described>
Registration serve(const std::shared_ptr<T>& object, const Described&... described) {
  return detail::register_by_default(detail::service_list(object, described...));
}

/// The same for a new T of its own ("auto_init" in the documentation, 1.1).
template <typename T>
Registration serve() {
  return serve(std::make_shared<T>());
}

}  // namespace daffi::inline v1
