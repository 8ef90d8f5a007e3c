/// @file  Task<T>: a coroutine that begins when it is awaited. sync_wait: waits for one from ordinary code.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "daffi/detail/cancel_scope.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/function_traits.hpp"

namespace daffi::inline v1 {

template <typename T = void>
class Task;

namespace detail {

/// What the promises of all tasks share: who continues, and the error.
class TaskPromiseBase : public Cancellable {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }
  void continue_with(std::coroutine_handle<> continuation) noexcept { continuation_ = continuation; }

 protected:
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr error_;
};

template <typename T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <typename U>
    requires std::convertible_to<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T result() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void result() const { rethrow(); }
};

}  // namespace detail

/// The result of a coroutine that uses co_await; `co_await std::move(task)` runs it and gives its T, or throws what it
/// threw. Begins in the thread that awaits it and goes on wherever what it awaits resumes it: after a call of ours, on
/// a handler thread. Destroying a task that waits for a call cancels the call; it must not be running at that moment.
/// A task that is a callback is cancelled when its caller cancels, is out of time or gone: whatever of ours it waits
/// for, directly or in tasks that it awaits, throws CancelledError then. One whose caller wants no result is left
/// alone. Resource, movable. Threads: one at a time.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using value_type = T;

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  auto operator co_await() && noexcept { return Awaiter{coroutine_}; }

 private:
  struct Awaiter {
    std::coroutine_handle<promise_type> coroutine;
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> continuation) const noexcept {
      coroutine.promise().continue_with(continuation);
      coroutine.promise().join_scope(detail::scope_of(continuation));
      return coroutine;
    }
    T await_resume() const { return coroutine.promise().result(); }
  };

  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  void destroy() noexcept {
    if (coroutine_) coroutine_.destroy();
  }

  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

template <typename T>
inline constexpr bool is_task = false;
template <typename T>
inline constexpr bool is_task<Task<T>> = true;

/// A coroutine nobody waits for: it begins at once and frees itself at its end. Its body lets no exception out.
struct Detached {
  struct promise_type : Cancellable {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <typename T>
struct SyncState {
  Latch latch;
  std::exception_ptr error;
  std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> value{};
};

// The parameters live in the coroutine's frame, as everything must that is used after a suspension.
template <typename T>
Detached run_and_notify(Task<T> task, SyncState<T>& state) {
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::move(task);
    else
      state.value.emplace(co_await std::move(task));
  } catch (...) {
    state.error = std::current_exception();
  }
  state.latch.notify();
}

}  // namespace detail

/// Runs the task and blocks until it has ended; gives its result or throws its error. Not on a coroutine's thread that
/// the task needs to go on.
template <typename T>
T sync_wait(Task<T> task) {
  detail::SyncState<T> state;
  detail::run_and_notify(std::move(task), state);
  state.latch.wait();
  if (state.error) std::rethrow_exception(state.error);
  if constexpr (!std::is_void_v<T>) return std::move(*state.value);
}

}  // namespace daffi::inline v1
