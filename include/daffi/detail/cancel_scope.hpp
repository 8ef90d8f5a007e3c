/// @file  CancelScope: what a chain of coroutines waits for, and whether it is to end.
#pragma once

#include <concepts>
#include <coroutine>
#include <memory>
#include <string_view>

#include "daffi/export.hpp"

namespace daffi::inline v1::detail {

class Resume;

/// One call's coroutine, and all that it awaits in turn: they wait for one thing at a time. Its promises pass it down;
/// each awaiter of ours makes itself known to it. Cancelled, it resumes the coroutine that waits now, with
/// CancelledError, and from then on nothing more is waited for. Threads: any.
class DAFFI_API CancelScope {
 public:
  static std::shared_ptr<CancelScope> make();
  virtual ~CancelScope();
  [[nodiscard]] virtual bool cancelled() const = 0;
  /// Suspended, until somebody runs `resume`; told after that was arranged, so it may be over already.
  virtual void waits_for(std::shared_ptr<Resume> resume) = 0;
  /// Runs the coroutine, if it waits, on this thread: one that user code may run on.
  virtual void cancel() = 0;
};

/// Promises that have this as a base carry their chain's scope; other people's coroutines have none.
class Cancellable {
 public:
  const std::shared_ptr<CancelScope>& scope() const noexcept { return scope_; }
  void join_scope(const std::shared_ptr<CancelScope>& scope) noexcept {
    if (scope && scope_ != scope) scope_ = scope;
  }

 private:
  std::shared_ptr<CancelScope> scope_;
};

template <typename Promise>
std::shared_ptr<CancelScope> scope_of(std::coroutine_handle<Promise> coroutine) noexcept {
  if constexpr (std::derived_from<Promise, Cancellable>)
    return coroutine.promise().scope();
  else
    return nullptr;
}

/// `co_await EnterScope{scope}` makes the coroutine the beginning of a chain; it does not suspend.
struct EnterScope {
  const std::shared_ptr<CancelScope>& scope;

  bool await_ready() const noexcept { return false; }
  template <std::derived_from<Cancellable> Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) const noexcept {
    coroutine.promise().join_scope(scope);
    return false;
  }
  void await_resume() const noexcept {}
};

/// Throws CancelledError: `what` was waited for when the chain was cancelled.
[[noreturn]] DAFFI_API void throw_cancelled(std::string_view what);

}  // namespace daffi::inline v1::detail
