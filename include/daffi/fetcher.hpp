/// @file  Fetch: the caller's typed handle to a callback that lives in another process. Fetcher: a class of them.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/async_result.hpp"
#include "daffi/broadcast.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/fetch_arguments.hpp"
#include "daffi/detail/fetch_items.hpp"
#include "daffi/detail/result.hpp"
#include "daffi/modifiers.hpp"
#include "daffi/scheduled_task.hpp"
#include "daffi/stream.hpp"

namespace daffi::inline v1 {

class Global;

/// The name of the callback, where a fetcher's own name is another. Value.
struct Alias {
  std::string name;
};

inline Alias alias(std::string name) { return {std::move(name)}; }

template <typename Signature, ExecutionModifier M = FG>
class Fetch;

namespace detail {

DAFFI_API std::weak_ptr<Core> core_of(const Global& global);

/// What a Fetch gives: R under FG, AsyncResult<R> under BG, an Outcome<R> by process name under BROADCAST, a
/// ScheduledTask under PERIOD; a Stream under FG and BG alike.
template <typename M, typename R>
struct FetchResult;
template <typename R>
struct FetchResult<FG, R> {
  using type = R;
};
template <typename R>
struct FetchResult<BG, R> {
  using type = AsyncResult<R>;
};
template <typename R>
struct FetchResult<BROADCAST, R> {
  using type = Outcomes<R>;
};
template <typename R>
struct FetchResult<PERIOD, R> {
  using type = ScheduledTask;
};
template <typename T>
struct FetchResult<FG, Stream<T>> {
  using type = Stream<T>;
};
template <typename T>
struct FetchResult<BG, Stream<T>> {
  using type = Stream<T>;
};

}  // namespace detail

/// Base of a class whose members are Fetches that share a Global and a modifier:
///
///     struct Calculator : daffi::FetcherWith<daffi::BG> {
///       using FetcherWith::FetcherWith;
///       Fetch<int(int)> calculate_fibonacci{*this, "calculate_fibonacci"};
///     };
///     Calculator calculator{g, daffi::BG{.timeout = 30s}};
///
/// Resource: neither copied nor moved, because bodies of Fetches may refer to it. Threads: any.
/// Documentation: 2.1, 2.13.
template <ExecutionModifier M>
class FetcherWith {
 public:
  /// A Fetch by this class's modifier.
  template <typename Signature>
  using Fetch = daffi::Fetch<Signature, M>;

  explicit FetcherWith(const Global& global, M modifier = {})
      : core_(detail::core_of(global)), modifier_(std::move(modifier)) {}
  FetcherWith(const FetcherWith&) = delete;
  FetcherWith& operator=(const FetcherWith&) = delete;

  [[nodiscard]] const M& modifier() const { return modifier_; }
  [[nodiscard]] const std::weak_ptr<detail::Core>& core() const { return core_; }

 private:
  std::weak_ptr<detail::Core> core_;
  M modifier_;
};

/// The usual one: its Fetches wait for their results.
struct Fetcher : FetcherWith<FG> {
  using FetcherWith::FetcherWith;
};

namespace detail {

/// Where a Fetch belongs: a Global, or a Fetcher, whose modifier it takes when that is of the same kind.
template <typename M>
struct FetchSource {
  std::weak_ptr<Core> core;
  M modifier{};

  FetchSource(const Global& global) : core(core_of(global)) {}
  template <typename M2>
  FetchSource(const FetcherWith<M2>& owner) : core(owner.core()) {
    if constexpr (std::is_same_v<M, M2>) modifier = owner.modifier();
  }
};

struct FetchName {
  std::string text;
  FetchName(const char* name) : text(name) {}
  FetchName(std::string name) : text(std::move(name)) {}
  FetchName(Alias alias) : text(std::move(alias.name)) {}
};

}  // namespace detail

/// `Fetch<int(int, int)> sum{g, "sum"}; int three = sum(1, 2);`
///
/// Without a body the arguments go as given. With one (a callable that takes the Fetch's parameters) they are what it
/// returns: an Args or a tuple are several arguments, anything else is one. Keyword arguments, `sum(1, kw("b", 2))`,
/// stand for parameters left out. A Variadic parameter takes any number of arguments.
///
/// A callback that yields is fetched as a Stream: `Fetch<Stream<int>(int)> generate_stream{g, "generate_stream"}`. A
/// body that returns a generator streams its items to the callback, at every process that holds it or at the named
/// receiver; the next item goes to a process when its call for the one before has returned. The call ends when all have
/// taken all; what one of them throws ends the stream. Its body runs on the calling thread under FG, on handler threads
/// under BG, or when it is an AsyncGenerator.
///
/// Value type: refers to its Global weakly and never keeps it alive. Threads: any; concurrent calls are independent,
/// but not during set_modifier(), set_alias() and assignment.
///
/// Calls throw: the callback's own error as RemoteCallError; TimeoutError; GlobalContextError when nothing was sent;
/// and the rest of docs/errors.md. From inside a callback, or a coroutine, prefer co_await on a BG call to blocking.
/// Documentation: 2.1, 2.2, 2.5, 2.7, 2.8, 7.3.
template <typename R, typename... Params, ExecutionModifier M>
class Fetch<R(Params...), M> {
 public:
  using Result = typename detail::FetchResult<M, R>::type;

  using Source = detail::FetchSource<M>;  ///< a Global, or the Fetcher that this is a member of

  Fetch(Source source, detail::FetchName name)
      : Fetch(std::move(source.core), std::move(name.text), Bodies{}, std::move(source.modifier)) {}
  Fetch(Source source, detail::FetchName name, M modifier)
      : Fetch(std::move(source.core), std::move(name.text), Bodies{}, std::move(modifier)) {}
  template <typename Body>
    requires std::invocable<const Body&, const std::decay_t<Params>&...>
  Fetch(Source source, detail::FetchName name, Body body)
      : Fetch(std::move(source.core), std::move(name.text), erase(std::move(body)), std::move(source.modifier)) {}
  template <typename Body>
    requires std::invocable<const Body&, const std::decay_t<Params>&...>
  Fetch(Source source, detail::FetchName name, Body body, M modifier)
      : Fetch(std::move(source.core), std::move(name.text), erase(std::move(body)), std::move(modifier)) {}

  /// A body that takes something else: does not compile, and says why.
  template <typename Body, typename... Rest>
    requires(!std::invocable<const Body&, const std::decay_t<Params>&...> && !std::convertible_to<Body, M>)
  Fetch(Source source, detail::FetchName name, Body, Rest...)
      : Fetch(std::move(source.core), std::move(name.text), Bodies{}, std::move(source.modifier)) {
    static_assert(!detail::Modifier<Body>,
                  "daffi: a Fetch takes a modifier of the kind that its type names: Fetch<int(), daffi::BG>");
    static_assert(detail::Modifier<Body> || std::invocable<const Body&, const std::decay_t<Params>&...>,
                  "daffi: the body of a Fetch takes the Fetch's parameters");
  }

  /// Calls by the Fetch's own modifier.
  Result operator()(const std::decay_t<Params>&... arguments) const { return send<M>(spec_, arguments...); }
  /// The same with keywords, or as many arguments as a Variadic takes.
  template <typename... Ts>
    requires detail::LooseArguments<std::tuple<std::decay_t<Params>...>, std::decay_t<Ts>...>
  Result operator()(const Ts&... arguments) const {
    return send<M>(spec_, arguments...);
  }
  /// What fits neither: does not compile, and says why.
  template <typename... Ts>
    requires detail::WrongArguments<std::tuple<std::decay_t<Params>...>, Ts...>
  Result operator()(Ts&&...) const {
    detail::refuse_arguments<std::tuple<std::decay_t<Params>...>, Ts...>();
  }

  /// Calls by another modifier: `sum.call(BG{.timeout = 3s}, 1, 2)` gives an AsyncResult.
  template <ExecutionModifier M2>
  typename detail::FetchResult<M2, R>::type call(const M2& modifier, const std::decay_t<Params>&... arguments) const {
    if constexpr (std::is_same_v<M2, BG>) {
      return send<M2>(detail::shared_spec(spec_->name, modifier, sizeof...(Params)), arguments...);
    } else {
      detail::CallSpec spec = detail::call_spec(spec_->name, modifier);
      spec.positional = sizeof...(Params);
      return send<M2>(std::move(spec), arguments...);
    }
  }
  template <ExecutionModifier M2, typename... Ts>
    requires detail::LooseArguments<std::tuple<std::decay_t<Params>...>, std::decay_t<Ts>...>
  typename detail::FetchResult<M2, R>::type call(const M2& modifier, const Ts&... arguments) const {
    return send<M2>(detail::call_spec(spec_->name, modifier), arguments...);
  }
  /// What fits neither: does not compile, and says why.
  template <ExecutionModifier M2, typename... Ts>
    requires detail::WrongArguments<std::tuple<std::decay_t<Params>...>, Ts...>
  typename detail::FetchResult<M2, R>::type call(const M2&, Ts&&...) const {
    constexpr bool second = (detail::Modifier<Ts> || ...);
    static_assert(!second, "daffi: a call takes one execution modifier");
    if constexpr (!second) detail::refuse_arguments<std::tuple<std::decay_t<Params>...>, Ts...>();
  }
  template <typename First, typename... Ts>
    requires(!ExecutionModifier<std::decay_t<First>>)
  Result call(First&&, Ts&&...) const {
    static_assert(ExecutionModifier<std::decay_t<First>>,
                  "daffi: call() takes an execution modifier first: FG, BG, BROADCAST or PERIOD");
  }

  /// Begins a broadcast and does not wait for it: `co_await get_menu.start(BROADCAST{.timeout = 5s})` gives what call()
  /// with the same modifier gives.
  AsyncResult<Outcomes<R>> start(const BROADCAST& modifier, const std::decay_t<Params>&... arguments) const {
    return send<Begun>(detail::call_spec(spec_->name, modifier), arguments...);
  }
  template <typename... Ts>
    requires detail::LooseArguments<std::tuple<std::decay_t<Params>...>, std::decay_t<Ts>...>
  AsyncResult<Outcomes<R>> start(const BROADCAST& modifier, const Ts&... arguments) const {
    return send<Begun>(detail::call_spec(spec_->name, modifier), arguments...);
  }

  /// The callback's name.
  [[nodiscard]] const std::string& alias() const { return spec_->name; }
  void set_alias(std::string name) {
    auto spec = std::make_shared<detail::CallSpec>(*spec_);
    spec->name = std::move(name);
    spec_ = std::move(spec);
  }
  [[nodiscard]] const M& modifier() const { return modifier_; }
  void set_modifier(M modifier) {
    spec_ = spec_of(spec_->name, modifier);
    modifier_ = std::move(modifier);
  }

 private:
  using Body = std::function<void(Writer&, detail::CallSpec&, const std::decay_t<Params>&...)>;
  using Items = std::function<std::unique_ptr<detail::ItemProducer>(const std::decay_t<Params>&...)>;
  /// What stands between the parameters and the call: one of the two, or none.
  struct Bodies {
    Body arguments;
    Items items;
  };
  using Parameters = std::tuple<std::decay_t<Params>...>;
  struct Begun {};  ///< in place of the modifier: a broadcast that is not waited for

  Fetch(std::weak_ptr<detail::Core> core, std::string name, Bodies bodies, M modifier)
      : core_(std::move(core)),
        body_(std::move(bodies.arguments)),
        items_(std::move(bodies.items)),
        spec_(spec_of(std::move(name), modifier)),
        modifier_(std::move(modifier)) {}

  static detail::SharedSpec spec_of(std::string name, const M& modifier) {
    auto spec = std::make_shared<detail::CallSpec>(detail::call_spec(std::move(name), modifier));
    spec->positional = sizeof...(Params);
    return spec;
  }

  template <typename Callable>
  static Bodies erase(Callable body) {
    using Returned = std::decay_t<std::invoke_result_t<const Callable&, const std::decay_t<Params>&...>>;
    if constexpr (detail::is_generator<Returned>) {
      static_assert(std::is_void_v<R>, "daffi: a Fetch whose body yields gives void");
      return {nullptr, detail::items_of<Returned, Callable, std::decay_t<Params>...>(std::move(body))};
    } else {
      return {erase_arguments(std::move(body)), nullptr};
    }
  }

  template <typename Callable>
  static Body erase_arguments(Callable body) {
    return [body = std::move(body)](Writer& writer, detail::CallSpec& spec, const std::decay_t<Params>&... arguments) {
      if constexpr (std::is_void_v<decltype(body(arguments...))>) {
        body(arguments...);
        detail::write_returned(writer, spec, std::tuple<>());
      } else {
        detail::write_returned(writer, spec, body(arguments...));
      }
    };
  }

  // `spec` is a CallSpec or a SharedSpec.
  template <typename M2, typename Spec, typename... Ts>
  auto send(Spec&& spec, const Ts&... arguments) const {
    const detail::CallSpec& plain = detail::plain(spec);
    if constexpr (std::is_void_v<R>) {
      if (items_) {
        if constexpr (std::is_same_v<M2, Begun>)
          detail::refuse_stream_modifier(plain.name);
        else if constexpr (detail::ExactArguments<Parameters, Ts...>)
          return feed<M2>(plain, items_(arguments...));
        detail::refuse_loose_arguments(plain.name);
      }
    }
    detail::ArgumentWriter writer;
    if (body_) {
      detail::CallSpec own = plain;
      if constexpr (detail::ExactArguments<Parameters, Ts...>)
        body_(*writer, own, arguments...);
      else
        detail::refuse_loose_arguments(plain.name);
      return hand_over<M2>(std::move(own), *writer);
    }
    if constexpr (detail::ExactArguments<Parameters, Ts...> && !detail::ends_variadic<Parameters>) {
      if constexpr (std::is_same_v<M2, FG> && !detail::is_stream<R>)
        detail::lend_arguments(*writer, arguments...);
      else
        encode_arguments(*writer, arguments...);
      if (plain.positional == sizeof...(Ts)) return hand_over<M2>(std::forward<Spec>(spec), *writer);
      detail::CallSpec own = plain;
      own.positional = sizeof...(Ts);
      return hand_over<M2>(std::move(own), *writer);
    } else {
      detail::CallSpec own = plain;
      detail::write_loose<Parameters>(*writer, own, arguments...);
      return hand_over<M2>(std::move(own), *writer);
    }
  }

  template <typename M2, typename Spec>
  auto hand_over(Spec&& spec, Writer& arguments) const {
    const auto core = detail::lock_core(core_);
    const detail::CallSpec& plain = detail::plain(spec);
    if constexpr (std::is_same_v<M2, Begun>) {
      return AsyncResult<Outcomes<R>>(core->start_call(detail::share(std::forward<Spec>(spec)), arguments));
    } else if constexpr (std::is_same_v<M2, PERIOD>) {
      return core->schedule(plain, arguments);
    } else if constexpr (detail::is_stream<R>) {
      return R(core->start_stream(plain, arguments), plain.name);
    } else if constexpr (!std::is_same_v<M2, BG>) {
      detail::Reply reply;
      reply.reads_body = std::is_same_v<M2, FG>;
      core->call(plain, arguments, reply);
      return detail::read_result<typename detail::FetchResult<M2, R>::type>(reply, plain.name);
    } else {
      return AsyncResult<R>(core->start_call(detail::share(std::forward<Spec>(spec)), arguments));
    }
  }

  template <typename M2>
  typename detail::FetchResult<M2, R>::type feed(const detail::CallSpec& spec,
                                                 std::unique_ptr<detail::ItemProducer> items) const {
    const auto core = detail::lock_core(core_);
    if constexpr (std::is_same_v<M2, FG>) {
      core->feed(spec, std::move(items));
    } else if constexpr (std::is_same_v<M2, BG>) {
      return AsyncResult<R>(core->start_feed(spec, std::move(items)));
    } else {
      detail::refuse_stream_modifier(spec.name);
    }
  }

  std::weak_ptr<detail::Core> core_;
  Body body_;
  Items items_;
  detail::SharedSpec spec_;
  M modifier_;
};

}  // namespace daffi::inline v1
