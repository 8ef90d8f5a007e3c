/// @file  What handler threads have for the event loop.
#include "inbox.hpp"

#include <algorithm>
#include <utility>

#include "errors.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* wake_loop = nullptr;  // daffi._loops.wake()

constexpr std::size_t kMostCalls = 65536;
// A loop that was told so long ago has perhaps ended, and another is to take over.
constexpr std::chrono::seconds kPatience{1};

Inbox* the_inbox = new Inbox;

// (function, positional, keywords or None, responder, context); answered already where the arguments cannot be read.
nb::object to_call(Inbox::Start& start) {
  Owned positional, named;
  const std::string caller = start.context.caller();
  nb::object responder = make_responder(start.responder, start.handler, start.home, caller);
  try {
    Reader arguments(start.arguments);
    read_arguments(arguments, from_process(*start.home, caller), positional, named);
  } catch (const PythonError&) {
    const Owned exception = take_exception();
    fail_responder(responder, exception.get());
    return nb::none();
  }
  const nb::object keywords = named ? nb::steal(named.release()) : nb::none();
  return nb::make_tuple(nb::borrow(start.handler->function.get()), nb::steal(positional.release()), keywords, responder,
                        PyContext(start.context));
}

}  // namespace

Inbox& Inbox::of_process() { return *the_inbox; }
void Inbox::forget() { the_inbox = new Inbox; }

bool Inbox::is_news() {
  const auto now = std::chrono::steady_clock::now();
  if (told_ && now - told_at_ < kPatience) return false;
  told_ = true;
  told_at_ = now;
  return true;
}

bool Inbox::add(Start start) {
  const std::scoped_lock lock(mutex_);
  if (starts_.size() >= kMostCalls) {
    throw detail::HandlerFailure{ErrorCode::busy, "too many coroutines wait to be started", nullptr};
  }
  starts_.push_back(std::move(start));
  return is_news();
}

bool Inbox::add_cancel(Shared cancel) {
  const std::scoped_lock lock(mutex_);
  cancels_.push_back(std::move(cancel));
  return is_news();
}

void Inbox::wake() {
  if (!python_alive()) return;
  const Gil gil;
  const Owned done(PyObject_CallNoArgs(wake_loop));
  if (!done) PyErr_WriteUnraisable(wake_loop);
}

nb::tuple Inbox::take(std::size_t most) {
  std::vector<Start> starts;
  std::deque<Shared> cancels;
  bool more = false;
  {
    const std::scoped_lock lock(mutex_);
    cancels.swap(cancels_);
    const std::size_t count = std::min(most, starts_.size());
    for (std::size_t i = 0; i < count; ++i) {
      starts.push_back(std::move(starts_.front()));
      starts_.pop_front();
    }
    more = told_ = !starts_.empty();
    told_at_ = std::chrono::steady_clock::now();
  }
  nb::list calls;
  for (Start& start : starts) {
    const nb::object call = to_call(start);
    if (!call.is_none()) calls.append(call);
  }
  for (const Shared& cancel : cancels) {
    const Owned done(PyObject_CallNoArgs(cancel.get()));
    if (!done) PyErr_WriteUnraisable(cancel.get());
  }
  return nb::make_tuple(calls, more);
}

void bind_inbox(nb::module_& module) {
  module.def("take_calls", [](std::size_t most) { return Inbox::of_process().take(most); });
  module.def("forget_calls", [] { Inbox::forget(); });
  module.def("set_loop_waker", [](nb::callable wake) { wake_loop = wake.inc_ref().ptr(); });
}

}  // namespace daffi::python
