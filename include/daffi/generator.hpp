/// @file  Generator<T>, AsyncGenerator<T>: coroutines that give one item after the other.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <utility>

#include "daffi/detail/cancel_scope.hpp"
#include "daffi/detail/function_traits.hpp"

namespace daffi::inline v1 {

namespace detail {

/// What the promises of both kinds share: the item and the error. The item lives in the coroutine's frame, in the
/// co_yield expression, as long as the coroutine is suspended there.
template <typename T>
class YieldPromise {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  /// The item that was yielded last, nullptr at the end. Throws what the coroutine threw, once.
  const T* item() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return item_;
  }
  void forget() noexcept { item_ = nullptr; }

 protected:
  void keep(const T& item) noexcept { item_ = std::addressof(item); }

 private:
  const T* item_ = nullptr;
  std::exception_ptr error_;
};

template <typename T>
class GeneratorPromise : public YieldPromise<T> {
 public:
  Generator<T> get_return_object() noexcept;
  std::suspend_always final_suspend() const noexcept { return {}; }
  std::suspend_always yield_value(const T& item) noexcept {
    this->keep(item);
    return {};
  }
  /// A Generator does not wait: one that does is an AsyncGenerator.
  template <typename U>
  void await_transform(U&&) = delete;
};

template <typename T>
class AsyncGeneratorPromise : public YieldPromise<T>, public Cancellable {
 public:
  struct Handover {
    std::coroutine_handle<> to;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return to; }
    void await_resume() const noexcept {}
  };

  AsyncGenerator<T> get_return_object() noexcept;
  Handover final_suspend() const noexcept { return {consumer_}; }
  Handover yield_value(const T& item) noexcept {
    this->keep(item);
    return {consumer_};
  }
  void continue_with(std::coroutine_handle<> consumer) noexcept { consumer_ = consumer; }

 private:
  std::coroutine_handle<> consumer_ = std::noop_coroutine();
};

}  // namespace detail

/// What a function gives that uses co_yield and not co_await. Runs only while an item is asked for, in the thread that
/// asks. As a callback's result it is a stream: each item goes to the caller as it is yielded, as far as the caller
/// keeps up; when the caller wants no more, the generator is destroyed where it stands (its locals with it). As the
/// result of a Fetch's body it is a stream to the callback: each item is the arguments of one call.
///
///     daffi::Generator<int> count(int end) {
///       for (int i = 0; i < end; ++i) co_yield i;
///     }
///
/// Resource, movable. Threads: one at a time. Documentation: 2.7, 2.8.
template <typename T>
class [[nodiscard]] Generator {
 public:
  using promise_type = detail::GeneratorPromise<T>;
  using value_type = T;

  Generator(Generator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    if (this != &other) {
      destroy();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~Generator() { destroy(); }

  /// The next item, valid until the next call; nullptr when there are no more. Throws what the coroutine throws.
  const T* next() {
    if (!coroutine_ || coroutine_.done()) return nullptr;
    coroutine_.promise().forget();
    coroutine_.resume();
    return coroutine_.promise().item();
  }

  /// An input iterator: `for (const T& item : generator)`.
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Generator& generator) : generator_(&generator), item_(generator.next()) {}
    const T& operator*() const { return *item_; }
    Iterator& operator++() {
      item_ = generator_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return item_ == nullptr; }

   private:
    Generator* generator_;
    const T* item_;
  };
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend promise_type;
  explicit Generator(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  void destroy() noexcept {
    if (coroutine_) coroutine_.destroy();
  }

  std::coroutine_handle<promise_type> coroutine_;
};

/// A Generator that may also co_await: `while (const T* item = co_await generator.next())`. While it waits it holds no
/// thread. Must not be destroyed while it waits for something. As a callback's result it is not: when its caller wants
/// no more it is destroyed where it stands in a co_yield; what it waits for in a co_await throws CancelledError, at
/// once if it is something of ours, and it is destroyed at its next co_yield or its end. Other people's awaitables are
/// waited for: there the stop token is the means. Resource, movable. Threads: one at a time.
template <typename T>
class [[nodiscard]] AsyncGenerator {
 public:
  using promise_type = detail::AsyncGeneratorPromise<T>;
  using value_type = T;

  AsyncGenerator(AsyncGenerator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this != &other) {
      destroy();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~AsyncGenerator() { destroy(); }

  /// co_await it for the next item, valid until the next call; nullptr when there are no more.
  auto next() noexcept { return Awaiter{coroutine_}; }

 private:
  struct Awaiter {
    std::coroutine_handle<promise_type> coroutine;
    bool await_ready() const noexcept { return !coroutine || coroutine.done(); }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> consumer) const noexcept {
      coroutine.promise().forget();
      coroutine.promise().continue_with(consumer);
      coroutine.promise().join_scope(detail::scope_of(consumer));
      return coroutine;
    }
    const T* await_resume() const {
      if (!coroutine) return nullptr;
      const T* item = coroutine.promise().item();
      return coroutine.done() ? nullptr : item;
    }
  };

  friend promise_type;
  explicit AsyncGenerator(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  void destroy() noexcept {
    if (coroutine_) coroutine_.destroy();
  }

  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <typename T>
Generator<T> GeneratorPromise<T>::get_return_object() noexcept {
  return Generator<T>(std::coroutine_handle<GeneratorPromise>::from_promise(*this));
}
template <typename T>
AsyncGenerator<T> AsyncGeneratorPromise<T>::get_return_object() noexcept {
  return AsyncGenerator<T>(std::coroutine_handle<AsyncGeneratorPromise>::from_promise(*this));
}

template <typename T>
inline constexpr bool is_generator = false;
template <typename T>
inline constexpr bool is_generator<Generator<T>> = true;
template <typename T>
inline constexpr bool is_generator<AsyncGenerator<T>> = true;

}  // namespace detail
}  // namespace daffi::inline v1
