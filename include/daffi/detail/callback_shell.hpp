/// @file  The shell around a callback: decodes its arguments, calls it, encodes its result.
#pragma once

#include <exception>
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
#include "daffi/detail/callback_list.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/function_traits.hpp"
#include "daffi/detail/generator_producer.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"
#include "daffi/signature.hpp"
#include "daffi/task.hpp"

namespace daffi::inline v1::detail {

DAFFI_API void reject_arguments(Invocation& invocation, const Face& face);

/// Arguments are moved into parameters by value; references refer to the tuple.
template <bool WantsContext, typename Fn, typename Tuple, std::size_t... I>
decltype(auto) invoke_callback(Fn& fn, [[maybe_unused]] CallContext* context, [[maybe_unused]] Tuple& arguments,
                               std::index_sequence<I...>) {
  if constexpr (WantsContext)
    return fn(*context, static_cast<std::tuple_element_t<I, Tuple>&&>(std::get<I>(arguments))...);
  else
    return fn(static_cast<std::tuple_element_t<I, Tuple>&&>(std::get<I>(arguments))...);
}

template <typename T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;
template <typename T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <typename Tuple>
inline constexpr bool has_views = false;
template <typename... Ts>
inline constexpr bool has_views<std::tuple<Ts...>> = (is_view<Ts> || ...);

template <typename Fn>
class FaceOf;

struct Canceller {
  std::shared_ptr<CancelScope> scope;
  void operator()() const { scope->cancel(); }
};

// Everything the coroutine's callback may refer to lives in this frame: callable, arguments, context. `stop` cancels
// it: on the thread that runs stop callbacks, which user code may run on.
template <typename Fn>
Detached run_task(std::shared_ptr<Responder> responder, std::shared_ptr<Face> face,
                  typename FunctionTraits<Fn>::Tuple arguments, std::optional<CallContext> context,
                  std::stop_token stop) {
  using Traits = FunctionTraits<Fn>;
  using Value = typename Traits::Value;
  const auto scope = CancelScope::make();
  co_await EnterScope{scope};
  const std::stop_callback<Canceller> cancel(std::move(stop), Canceller{scope});
  std::exception_ptr error;
  try {
    auto task = static_cast<FaceOf<Fn>&>(*face).invoke(context.has_value() ? &*context : nullptr, arguments);
    if constexpr (std::is_void_v<Value>) {
      co_await std::move(task);
      ArgumentWriter result(kResultHeadroom);
      result->nil();
      responder->reply(*result);
    } else {
      Value value = co_await std::move(task);
      ArgumentWriter result(kResultHeadroom);
      hand_over_value(*result, std::move(value));
      responder->reply(*result);
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error) responder->fail(std::move(error));
}

/// The items of one call of a callback that yields. Whatever the generator may refer to lives here: callable,
/// arguments, context; and the generator goes first.
template <typename Fn>
class CallbackItems final : public ItemProducer {
 public:
  using Traits = FunctionTraits<Fn>;

  CallbackItems(std::shared_ptr<Face> face, typename Traits::Tuple arguments, std::optional<CallContext> context)
      : face_(std::move(face)),
        arguments_(std::move(arguments)),
        context_(std::move(context)),
        items_(static_cast<FaceOf<Fn>&>(*face_).invoke(context_.has_value() ? &*context_ : nullptr, arguments_)) {}

  Next next(Writer& item, const std::function<void()>& ready) override {
    using Value = typename Traits::Value;
    return items_.next(ready, [&](const Value& value) { Codec<Value>::write(item, value); });
  }
  std::shared_ptr<CancelScope> scope() const override { return items_.scope(); }

 private:
  const std::shared_ptr<Face> face_;
  typename Traits::Tuple arguments_;
  std::optional<CallContext> context_;
  Pulled<typename Traits::Result> items_;
};

/// The callable is called by many threads at once.
template <typename Fn>
class FaceOf final : public Face {
 public:
  using Traits = FunctionTraits<Fn>;
  using Tuple = typename Traits::Tuple;

  explicit FaceOf(Fn&& callable) : fn_(std::move(callable)) {}

  decltype(auto) invoke(CallContext* context, Tuple& arguments) {
    return invoke_callback<Traits::wants_context>(fn_, context, arguments,
                                                  std::make_index_sequence<std::tuple_size_v<Tuple>>{});
  }

  void serve(const std::shared_ptr<Face>& self, Invocation& invocation) override {
    Tuple arguments{};
    if (!decode_arguments(invocation.arguments(), name(), signature(), arguments))
      return reject_arguments(invocation, *this);
    if constexpr (Traits::stream) {
      static_assert(!has_views<Tuple>,
                    "daffi: a generator outlives the bytes of its call, so its parameters must own their data");
      std::optional<CallContext> context;
      if constexpr (Traits::wants_context) context.emplace(invocation.context());
      invocation.stream(std::make_unique<CallbackItems<Fn>>(self, std::move(arguments), std::move(context)));
    } else if constexpr (Traits::task) {
      static_assert(!has_views<Tuple>,
                    "daffi: a coroutine outlives the bytes of its call, so its parameters must own their data");
      std::optional<CallContext> context;
      if constexpr (Traits::wants_context) context.emplace(invocation.context());
      run_task<Fn>(invocation.defer(), self, std::move(arguments), std::move(context),
                   invocation.context().stop_token());
    } else {
      CallContext* context = nullptr;
      if constexpr (Traits::wants_context) context = &invocation.context();
      if constexpr (std::is_void_v<typename Traits::Value>) {
        invoke(context, arguments);
        invocation.result().nil();
      } else {
        decltype(auto) value = invoke(context, arguments);
        hand_over_value(invocation.result(), std::forward<decltype(value)>(value));
      }
    }
  }

 private:
  Fn fn_;
};

template <typename Tuple>
struct TypesOf;
template <typename... Ts>
struct TypesOf<std::tuple<Ts...>> {
  template <typename Use>
  static void give(Use&& use) {
    static_assert(sizeof...(Ts) <= 64, "daffi: a callback has more than 64 parameters");
    const ParameterType types[] = {SlotOf<Ts>::type()..., {{}, false, nullptr}};
    use(std::span<const ParameterType>(types, sizeof...(Ts)));
  }
};

template <typename Fn>
void add_callback(CallbackList& list, const CallbackWords& words, Fn fn) {
  using Traits = FunctionTraits<Fn>;
  TypesOf<typename Traits::Tuple>::give([&](std::span<const ParameterType> types) {
    list.add(new FaceOf<Fn>(std::move(fn)), words, types, type_name<typename Traits::Value>(),
             Traits::wants_context || Traits::task, Traits::stream);
  });
}

}  // namespace daffi::inline v1::detail
