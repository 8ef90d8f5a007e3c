/// @file  AsyncResult<R>: the result of a BG call, now or later.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daffi/detail/core.hpp"
#include "daffi/detail/result.hpp"
#include "daffi/detail/resume.hpp"
#include "daffi/duration.hpp"

namespace daffi::inline v1 {

namespace detail {

/// An AsyncResult without its type.
class DAFFI_API AsyncResultBase {
 public:
  /// False for fire and forget (`return_result = false`): there is nothing to get.
  [[nodiscard]] bool valid() const noexcept { return call_ != nullptr; }
  /// True once the call has ended, in whichever way. Never blocks.
  [[nodiscard]] bool ready() const { return pending().ready(); }
  /// The call's error; nullptr while it runs, and when it succeeded. Never blocks.
  [[nodiscard]] std::exception_ptr error() const { return pending().error(); }
  /// Ends the call with CancelledError and tells the callee (its stop token). Without effect once it has ended.
  void cancel() const { pending().cancel(); }
  /// The callback's name.
  [[nodiscard]] const std::string& func_name() const { return pending().func_name(); }
  [[nodiscard]] std::string uuid() const { return pending().uuid(); }

 protected:
  AsyncResultBase() = default;
  explicit AsyncResultBase(std::shared_ptr<PendingCall> call) noexcept : call_(std::move(call)) {}
  /// Throws GlobalContextError (invalid_modifier) when not valid().
  PendingCall& pending() const {
    if (!call_) refuse_invalid();
    return *call_;
  }
  const Reply& wait(Duration limit) const;
  /// Queues `task` for when the call has ended; what it throws is logged.
  void run_when_done(std::function<void()> task) const;

  std::shared_ptr<PendingCall> call_;

 private:
  [[noreturn]] static void refuse_invalid();
};

/// Suspends until the call has ended. Destroyed while it waits, or cancelled with its coroutine, it cancels the call.
class CallAwaiter {
 public:
  explicit CallAwaiter(std::shared_ptr<PendingCall> call) noexcept : call_(std::move(call)) {}
  CallAwaiter(const CallAwaiter&) = delete;
  CallAwaiter& operator=(const CallAwaiter&) = delete;
  ~CallAwaiter() {
    if (suspension_.abandon()) call_->cancel();
  }

  bool await_ready() const { return call_->ready(); }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return suspension_.begin(
        coroutine, [call = call_](std::shared_ptr<Resume> resume) { call->on_done(Resume::task(std::move(resume))); });
  }

 protected:
  const Reply& reply() const {
    if (suspension_.cancelled()) {
      call_->cancel();
      throw_cancelled("the result of '" + call_->func_name() + "'");
    }
    return call_->wait(std::nullopt);
  }
  std::shared_ptr<PendingCall> call_;

 private:
  Suspension suspension_;
};

}  // namespace detail

/// Value type: cheap to copy, copies share the call; dropping the last one lets the call run on unobserved. Everything
/// may be asked again, and by several threads. `co_await result` waits without blocking and resumes on a handler
/// thread; destroying the waiting coroutine cancels the call, and so does the end of the call that it serves, if it is
/// a callback's. Threads: any.
template <typename R>
class AsyncResult : public detail::AsyncResultBase {
 public:
  using value_type = R;

  /// An empty one: not valid().
  AsyncResult() = default;
  explicit AsyncResult(std::shared_ptr<detail::PendingCall> call) noexcept : AsyncResultBase(std::move(call)) {}

  /// Blocks until the call has ended; gives its result or throws its error.
  R get() const { return get(Duration()); }
  /// The same, at most for `timeout` from now (none: without bound); then throws TimeoutError, and the call goes on.
  R get(Duration timeout) const { return detail::read_result<R>(wait(timeout), func_name()); }

  /// Calls `fn` with this AsyncResult, ready, on a handler thread once the call has ended. What it throws is logged.
  template <std::invocable<AsyncResult<R>> Fn>
  void then(Fn fn) const {
    run_when_done([fn = std::move(fn), self = *this]() mutable { fn(self); });
  }

  auto operator co_await() const {
    struct Awaiter : detail::CallAwaiter {
      using CallAwaiter::CallAwaiter;
      R await_resume() const { return detail::read_result<R>(reply(), call_->func_name()); }
    };
    pending();
    return Awaiter(call_);
  }
};

}  // namespace daffi::inline v1
