/// @file  What a callable takes and gives, as far as signatures and argument decoding need to know.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace daffi::inline v1 {

class CallContext;
template <typename R>
class Task;
template <typename T>
class Generator;
template <typename T>
class AsyncGenerator;

namespace detail {

/// What a callable's result type means to its callers: the value, or the items of a stream.
template <typename R>
struct ResultOf {
  using Value = R;
  static constexpr bool stream = false;
  static constexpr bool task = false;
};
template <typename R>
struct ResultOf<Task<R>> {
  using Value = R;
  static constexpr bool stream = false;
  static constexpr bool task = true;
};
template <typename T>
struct ResultOf<Generator<T>> {
  using Value = T;
  static constexpr bool stream = true;
  static constexpr bool task = false;
};
template <typename T>
struct ResultOf<AsyncGenerator<T>> {
  using Value = T;
  static constexpr bool stream = true;
  static constexpr bool task = true;
};

template <typename... Ts>
struct ParametersOf {
  static constexpr bool wants_context = false;
  using Tuple = std::tuple<std::remove_cvref_t<Ts>...>;
};
/// A CallContext comes from the system, not from the caller: it is no parameter.
template <typename... Ts>
struct ParametersOf<CallContext&, Ts...> {
  static constexpr bool wants_context = true;
  using Tuple = std::tuple<std::remove_cvref_t<Ts>...>;
};
template <typename... Ts>
struct ParametersOf<const CallContext&, Ts...> : ParametersOf<CallContext&, Ts...> {};
template <typename... Ts>
struct ParametersOf<CallContext, Ts...> : ParametersOf<CallContext&, Ts...> {};

template <typename C, typename R, typename... Ts>
struct CallableOf {
  using Class = C;   ///< void, or whose member it is
  using Result = R;  ///< as declared; ResultOf<R>::Value is what a caller gets
  using Value = typename ResultOf<R>::Value;
  using Tuple = typename ParametersOf<Ts...>::Tuple;  ///< the caller's arguments, decayed, without a CallContext
  static constexpr bool wants_context = ParametersOf<Ts...>::wants_context;
  static constexpr bool stream = ResultOf<R>::stream;
  static constexpr bool task = ResultOf<R>::task;
};

/// For functions, pointers to functions and member functions, and objects with one operator().
template <typename F>
struct FunctionTraits : CallableOf<void, void> {
  static_assert(sizeof(F) == 0,
                "daffi: a callback has one operator(): neither several, nor a template, as a lambda with an auto "
                "parameter has");
};
template <typename F>
  requires requires { &F::operator(); }
struct FunctionTraits<F> : FunctionTraits<decltype(&F::operator())> {
  using Class = void;
};
template <typename F>
struct FunctionTraits<F&> : FunctionTraits<F> {};
template <typename F>
struct FunctionTraits<const F> : FunctionTraits<F> {};
template <typename R, typename... Ts>
struct FunctionTraits<R(Ts...)> : CallableOf<void, R, Ts...> {};
template <typename R, typename... Ts>
struct FunctionTraits<R(Ts...) noexcept> : CallableOf<void, R, Ts...> {};
template <typename R, typename... Ts>
struct FunctionTraits<R (*)(Ts...)> : CallableOf<void, R, Ts...> {};
template <typename R, typename... Ts>
struct FunctionTraits<R (*)(Ts...) noexcept> : CallableOf<void, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...)> : CallableOf<C, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...) noexcept> : CallableOf<C, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...) const> : CallableOf<C, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...) const noexcept> : CallableOf<C, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...)&> : CallableOf<C, R, Ts...> {};
template <typename C, typename R, typename... Ts>
struct FunctionTraits<R (C::*)(Ts...) const&> : CallableOf<C, R, Ts...> {};

}  // namespace detail
}  // namespace daffi::inline v1
