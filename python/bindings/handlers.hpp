/// @file  Python callables as callbacks: calls come in on handler threads and go out as results or errors.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <memory>
#include <string>

#include "daffi/detail/core.hpp"
#include "gil.hpp"

namespace daffi::python {

/// A callable registered under a name; its function may be exchanged while calls run. Threads: any; `function` with the
/// GIL.
class PyHandler : public std::enable_shared_from_this<PyHandler> {
 public:
  enum class Kind : int { function = 0, coroutine = 1, generator = 2, async_generator = 3 };

  PyHandler(std::string name, PyObject* function, int kind, Signature signature);

  const std::string& name() const { return name_; }
  const Signature& signature() const { return signature_; }

  Shared function;

 private:
  friend class Served;
  const std::string name_;
  const Kind kind_;
  const Signature signature_;
};

/// What a callback may know about the call it serves; daffi.current_call() gives it.
class PyContext {
 public:
  explicit PyContext(const CallContext& context) : context_(context) {}
  const CallContext& context() const { return context_; }

 private:
  CallContext context_;
};

/// Where a Global's Core is found by its handlers: set once the Global is there, empty once it is gone. Threads: any.
struct Home {
  std::atomic<detail::Core*> core{nullptr};
  bool allow_code = false;
};

/// Throws PythonError with NotPermittedError set when code from that process may not run here. Needs the GIL.
void require_trust(detail::Core& core, detail::Trust trust, bool allow_code, const std::string& process);

/// Adds Handler, Responder, Context and current_call() to the module. `run_coroutine` of daffi._loops is given later.
void bind_handlers(nanobind::module_& module);

/// The spec to register `handler` with. Needs the GIL.
detail::CallbackSpec make_spec(const std::shared_ptr<PyHandler>& handler, std::shared_ptr<Home> home);

}  // namespace daffi::python
