/// @file  The shell around a callback: decodes its arguments, calls it, encodes its result.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "daffi/call_context.hpp"
#include "daffi/codec.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/function_traits.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"
#include "daffi/signature.hpp"
#include "daffi/task.hpp"

namespace daffi::inline v1::detail {

/// A registered callable, shared by its handler and its running coroutines. The callable is called by many threads.
template <typename Fn>
struct Face {
  explicit Face(Fn callable) : fn(std::move(callable)) {}
  std::string name;
  Signature signature;
  Fn fn;
};

DAFFI_API void reject_arguments(Invocation& invocation, std::string_view name, const Signature& signature);
/// Arguments are moved into parameters by value; references refer to the tuple.
template <bool WantsContext, typename Fn, typename... Ts>
decltype(auto) invoke_callback(Fn& fn, [[maybe_unused]] CallContext* context, std::tuple<Ts...>& arguments) {
  return std::apply(
      [&](Ts&... values) -> decltype(auto) {
        if constexpr (WantsContext)
          return std::invoke(fn, *context, std::move(values)...);
        else
          return std::invoke(fn, std::move(values)...);
      },
      arguments);
}

template <typename T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;
template <typename T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <typename Tuple>
inline constexpr bool has_views = false;
template <typename... Ts>
inline constexpr bool has_views<std::tuple<Ts...>> = (is_view<Ts> || ...);

// Everything the coroutine's callback may refer to lives in this frame: callable, arguments, context.
template <typename Fn>
Detached run_task(std::shared_ptr<Responder> responder, std::shared_ptr<Face<Fn>> face,
                  typename FunctionTraits<Fn>::Tuple arguments, std::optional<CallContext> context) {
  using Traits = FunctionTraits<Fn>;
  using Value = typename Traits::Value;
  std::exception_ptr error;
  try {
    auto task = invoke_callback<Traits::wants_context>(face->fn, context.has_value() ? &*context : nullptr, arguments);
    if constexpr (std::is_void_v<Value>) {
      co_await std::move(task);
      ArgumentWriter result(kResultHeadroom);
      result->nil();
      responder->reply(*result);
    } else {
      const Value value = co_await std::move(task);
      ArgumentWriter result(kResultHeadroom);
      Codec<Value>::write(*result, value);
      responder->reply(*result);
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error) responder->fail(std::move(error));
}

template <typename Fn>
void serve(const std::shared_ptr<Face<Fn>>& face, Invocation& invocation) {
  using Traits = FunctionTraits<Fn>;
  static_assert(!Traits::stream, "daffi: this version has no callbacks that yield");
  typename Traits::Tuple arguments{};
  if (!decode_arguments(invocation.arguments(), face->name, face->signature, arguments)) {
    reject_arguments(invocation, face->name, face->signature);
    return;
  }
  if constexpr (Traits::task) {
    static_assert(!has_views<typename Traits::Tuple>,
                  "daffi: a coroutine outlives the bytes of its call, so its parameters must own their data");
    std::optional<CallContext> context;
    if constexpr (Traits::wants_context) context.emplace(invocation.context());
    run_task<Fn>(invocation.defer(), face, std::move(arguments), std::move(context));
  } else {
    CallContext* context = nullptr;
    if constexpr (Traits::wants_context) context = &invocation.context();
    if constexpr (std::is_void_v<typename Traits::Value>) {
      invoke_callback<Traits::wants_context>(face->fn, context, arguments);
      invocation.result().nil();
    } else {
      const auto& value = invoke_callback<Traits::wants_context>(face->fn, context, arguments);
      Codec<std::remove_cvref_t<decltype(value)>>::write(invocation.result(), value);
    }
  }
}

}  // namespace daffi::inline v1::detail
