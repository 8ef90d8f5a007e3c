/// @file  What handler threads have for the event loop: coroutines to start, and to cancel.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "daffi/call_context.hpp"
#include "daffi/detail/invocation.hpp"
#include "gil.hpp"
#include "handlers.hpp"
#include "home.hpp"

namespace daffi::python {

/// Calls wait here without a thread, and whoever brings them does not wait for the GIL, which a busy loop gives up
/// every few milliseconds only; the loop takes many at once. Threads: any. Lock order: its mutex is a leaf.
class Inbox {
 public:
  /// A call of a coroutine function; its arguments as they came.
  struct Start {
    std::shared_ptr<PyHandler> handler;
    std::shared_ptr<Home> home;
    std::shared_ptr<detail::Responder> responder;
    CallContext context;
    std::vector<std::byte> arguments;
  };

  static Inbox& of_process();
  /// In the child of a fork: what the parent had is neither begun nor answered here.
  static void forget();

  /// True: the loop does not know of it yet, and wake() is to be called. Throws HandlerFailure (busy) when too many
  /// wait.
  [[nodiscard]] bool add(Start start);
  /// The same for a function that cancels one.
  [[nodiscard]] bool add_cancel(Shared cancel);
  /// Tells the loop. Takes the GIL, so not on a thread that reads a connection.
  static void wake();
  /// For the loop, with the GIL: up to so many calls as (function, positional, keywords or None, responder, context),
  /// and whether there are more. Those to cancel are cancelled.
  nanobind::tuple take(std::size_t most);

 private:
  bool is_news();

  std::mutex mutex_;
  std::deque<Start> starts_;
  std::deque<Shared> cancels_;
  bool told_ = false;
  std::chrono::steady_clock::time_point told_at_;
};

/// Adds take_calls, forget_calls, set_loop_waker to the module.
void bind_inbox(nanobind::module_& module);

}  // namespace daffi::python
