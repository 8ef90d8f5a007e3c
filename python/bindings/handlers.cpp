/// @file  Python callables as callbacks.
#include "handlers.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stop_token>
#include <tuple>

#include "errors.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* run_coroutine = nullptr;  // daffi._loops.run(function, arguments, keywords, responder, context)
thread_local const CallContext* current = nullptr;

Destination to_caller(const Home& home, const std::string& caller) {
  return {[&home, &caller] {
            auto* core = home.core.load();
            return core != nullptr && !core->speaks_python(caller);
          },
          {}};
}

Origin from_caller(const Home& home, const std::string& caller) {
  return {[&home, &caller] {
    auto* core = home.core.load();
    if (core != nullptr) require_trust(*core, core->trust_in(caller), home.allow_code, caller);
  }};
}

/// An answer that a coroutine gives. Threads: any.
class PyResponder {
 public:
  PyResponder(std::shared_ptr<detail::Responder> responder, std::shared_ptr<const PyHandler> handler,
              std::shared_ptr<Home> home, std::string caller)
      : responder_(std::move(responder)),
        handler_(std::move(handler)),
        home_(std::move(home)),
        caller_(std::move(caller)) {}

  // A stop callback that is just running wants the GIL, and its removal waits for it.
  ~PyResponder() {
    if (!stop_) return;
    if (!PyGILState_Check()) {
      stop_.reset();
      return;
    }
    const WithoutGil free;
    stop_.reset();
  }
  PyResponder(const PyResponder&) = delete;
  PyResponder& operator=(const PyResponder&) = delete;

  void reply(nb::handle value) {
    Writer writer(detail::kResultHeadroom);
    try {
      write_value(writer, value.ptr(), to_caller(*home_, caller_), "the result");
    } catch (const PythonError&) {
      return refuse(describe_unencodable_result(handler_->name()));
    }
    const WithoutGil free;
    responder_->reply(writer);
  }
  void fail(nb::handle exception) { refuse(describe(exception.ptr())); }
  /// Calls `stopped` once the caller does not want the answer any more.
  void on_stop(const PyContext& context, nb::handle stopped) {
    auto shared = share(stopped.ptr());
    auto run = [shared] {
      if (!python_alive()) return;
      const Gil gil;
      const Owned result(PyObject_CallNoArgs(shared.get()));
      if (!result) PyErr_WriteUnraisable(shared.get());
    };
    const WithoutGil free;
    stop_.emplace(context.context().stop_token(), std::move(run));
  }

 private:
  void refuse(detail::HandlerFailure failure) {
    const WithoutGil free;
    responder_->fail(std::make_exception_ptr(std::move(failure)));
  }

  const std::shared_ptr<detail::Responder> responder_;
  const std::shared_ptr<const PyHandler> handler_;
  const std::shared_ptr<Home> home_;
  const std::string caller_;
  std::optional<std::stop_callback<std::function<void()>>> stop_;
};

// Raised by the call itself, before any of the function's own code ran.
bool is_argument_error(PyObject* exception) {
  if (!PyErr_GivenExceptionMatches(exception, PyExc_TypeError)) return false;
  const Owned trace(PyException_GetTraceback(exception));
  return !trace;
}

class ContextScope {
 public:
  explicit ContextScope(const CallContext& context) : outer_(std::exchange(current, &context)) {}
  ~ContextScope() { current = outer_; }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  const CallContext* outer_;
};

}  // namespace

PyHandler::PyHandler(std::string name, PyObject* callable, int kind, Signature signature)
    : function(share(callable)),
      name_(std::move(name)),
      kind_(static_cast<Kind>(kind)),
      signature_(std::move(signature)) {}

void require_trust(detail::Core&, detail::Trust trust, bool allow_code, const std::string& process) {
  if (trust == detail::Trust::same_user || (trust == detail::Trust::certificate && allow_code)) return;
  set_error(NotPermittedError(
      ErrorCode::not_permitted,
      "process '" + process + "' may not send pickled values here: it is not verified as the same user on this host" +
          (allow_code ? ", nor authenticated over TLS" : " (allow_code=True, with TLS, permits more)")));
  throw PythonError();
}

/// Serves one handler's calls for one Global. Threads: any.
class Served {
 public:
  Served(std::shared_ptr<PyHandler> handler, std::shared_ptr<Home> home)
      : handler_(std::move(handler)), home_(std::move(home)) {}

  void operator()(detail::Invocation& invocation) const {
    if (!python_alive()) throw detail::HandlerFailure{ErrorCode::draining, "the process is ending", nullptr};
    const Gil gil;
    const std::string& caller = invocation.context().caller();
    Owned positional, keywords;
    try {
      read_arguments(invocation.arguments(), from_caller(*home_, caller), positional, keywords);
    } catch (const PythonError&) {
      const Owned exception = take_exception();
      throw describe(exception.get());
    }
    const Shared function = handler_->function;
    if (handler_->kind_ == PyHandler::Kind::coroutine) return start(invocation, function.get(), positional, keywords);
    const ContextScope scope(invocation.context());
    const Owned result(PyObject_Call(function.get(), positional.get(), keywords.get()));
    if (!result) return failed(invocation);
    try {
      write_value(invocation.result(), result.get(), to_caller(*home_, caller), "the result");
    } catch (const PythonError&) {
      throw describe_unencodable_result(handler_->name_);
    }
  }

 private:
  void failed(detail::Invocation& invocation) const {
    const Owned exception = take_exception();
    if (is_argument_error(exception.get())) {
      const Owned text(PyObject_Str(exception.get()));
      const char* words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
      return invocation.reject_arguments(std::string(words != nullptr ? words : "wrong arguments") +
                                         ". Function signature: " + handler_->signature_.text(handler_->name_));
    }
    throw describe(exception.get());
  }

  void start(detail::Invocation& invocation, PyObject* function, const Owned& positional, const Owned& keywords) const {
    const CallContext context = invocation.context();
    nb::object answer =
        nb::cast(new PyResponder(invocation.defer(), handler_, home_, context.caller()), nb::rv_policy::take_ownership);
    nb::object about = nb::cast(PyContext(context));
    const Owned done(PyObject_CallFunctionObjArgs(run_coroutine, function, positional.get(),
                                                  keywords ? keywords.get() : Py_None, answer.ptr(), about.ptr(),
                                                  nullptr));
    if (done) return;
    const Owned exception = take_exception();
    nb::cast<PyResponder&>(answer).fail(exception.get());
  }

  std::shared_ptr<PyHandler> handler_;
  std::shared_ptr<Home> home_;
};

detail::CallbackSpec make_spec(const std::shared_ptr<PyHandler>& handler, std::shared_ptr<Home> home) {
  detail::CallbackSpec spec;
  spec.name = handler->name();
  spec.signature = handler->signature();
  spec.wants_context = true;
  spec.handler = Served(handler, std::move(home));
  return spec;
}

namespace {

using ParameterTuple = std::tuple<std::string, std::string, std::optional<std::string>, int>;

// Each parameter as (name, type, text of the default or None, kind): kind 0 plain, 1 *args, 2 keyword-only, 3 **kwargs,
// 4 positional-only.
Signature make_signature(const std::vector<ParameterTuple>& parameters, std::string returns, bool stream,
                         std::string documentation) {
  Signature signature;
  for (const auto& [name, type, default_text, kind] : parameters) {
    Parameter parameter;
    if (kind != 4) parameter.name = name;
    parameter.type = kind == 4 && type.empty() ? name : type;
    parameter.has_default = default_text.has_value();
    parameter.default_text = default_text.value_or("");
    parameter.variadic = kind == 1;
    parameter.keyword_only = kind == 2;
    parameter.any_keywords = kind == 3;
    signature.parameters.push_back(std::move(parameter));
  }
  signature.returns = std::move(returns);
  signature.stream = stream;
  signature.documentation = std::move(documentation);
  return signature;
}

}  // namespace

void bind_handlers(nb::module_& module) {
  nb::class_<PyContext>(module, "Context")
      .def_prop_ro("caller", [](const PyContext& self) { return self.context().caller(); })
      .def_prop_ro("remaining",
                   [](const PyContext& self) -> std::optional<double> {
                     const auto left = self.context().remaining();
                     if (!left) return std::nullopt;
                     return std::chrono::duration<double>(*left).count();
                   })
      .def_prop_ro("cancelled", [](const PyContext& self) { return self.context().stop_token().stop_requested(); });
  nb::class_<PyResponder>(module, "Responder")
      .def("reply", &PyResponder::reply, nb::arg("value").none())
      .def("fail", &PyResponder::fail)
      .def("on_stop", &PyResponder::on_stop);
  nb::class_<PyHandler>(module, "Handler")
      .def(nb::new_([](std::string name, nb::callable function, int kind, const std::vector<ParameterTuple>& parameters,
                       std::string returns, bool stream, std::string documentation) {
        return std::make_shared<PyHandler>(
            std::move(name), function.ptr(), kind,
            make_signature(parameters, std::move(returns), stream, std::move(documentation)));
      }))
      .def_prop_ro("name", [](const PyHandler& self) { return self.name(); })
      .def_prop_rw(
          "function", [](const PyHandler& self) { return nb::borrow(self.function.get()); },
          [](PyHandler& self, nb::callable function) { self.function = share(function.ptr()); })
      .def("signature_text", [](const PyHandler& self) { return self.signature().text(self.name()); });
  module.def("current_call", []() -> nb::object {
    if (current == nullptr) return nb::none();
    return nb::cast(PyContext(*current));
  });
  module.def("set_coroutine_runner", [](nb::callable run) {
    Py_INCREF(run.ptr());
    run_coroutine = run.ptr();
  });
}

}  // namespace daffi::python
