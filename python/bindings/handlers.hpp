/// @file  Python callables as callbacks: calls come in on handler threads and go out as results or errors.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "daffi/detail/core.hpp"
#include "gil.hpp"
#include "home.hpp"

namespace daffi::python {

/// A callable registered under a name; its function may be exchanged while calls run. Threads: any; `function` with the
/// GIL.
class PyHandler : public std::enable_shared_from_this<PyHandler> {
 public:
  enum class Kind : int { function = 0, coroutine = 1, generator = 2, async_generator = 3 };

  PyHandler(std::string name, PyObject* function, int kind, Signature signature, std::vector<std::string> callers = {});

  const std::string& name() const { return name_; }
  Kind kind() const { return kind_; }
  const Signature& signature() const { return signature_; }
  const std::vector<std::string>& callers() const { return callers_; }

  Shared function;

 private:
  const std::string name_;
  const Kind kind_;
  const Signature signature_;
  const std::vector<std::string> callers_;
};

/// What a callback may know about the call it serves; daffi.current_call() gives it.
class PyContext {
 public:
  explicit PyContext(const CallContext& context) : context_(context) {}
  const CallContext& context() const { return context_; }

 private:
  CallContext context_;
};

/// What current_call() gives on this thread, in a scope. nullptr: nothing.
class ContextScope {
 public:
  explicit ContextScope(const CallContext* context);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  const CallContext* const outer_;
};

/// Runs `handler`'s function for a call with these arguments (`named` may be empty) and answers it: with its result, by
/// a coroutine, or with the items of a generator. Throws what the call ends with. Needs the GIL.
void answer(detail::Invocation& invocation, const std::shared_ptr<PyHandler>& handler,
            const std::shared_ptr<Home>& home, const Owned& positional, const Owned& named);

/// The answer to a call, for a coroutine. Needs the GIL.
nanobind::object make_responder(std::shared_ptr<detail::Responder> responder, std::shared_ptr<const PyHandler> handler,
                                std::shared_ptr<Home> home, std::string caller);
void fail_responder(nanobind::handle responder, PyObject* exception);

/// Adds Handler, Responder, Context and current_call() to the module. `run_coroutine` of daffi._loops is given later.
void bind_handlers(nanobind::module_& module);

/// The spec to register `handler` with. Needs the GIL.
detail::CallbackSpec make_spec(const std::shared_ptr<PyHandler>& handler, std::shared_ptr<Home> home);

}  // namespace daffi::python
