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
#include "inbox.hpp"
#include "items.hpp"
#include "values.hpp"
#include "wire/callers.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* run_coroutine = nullptr;  // daffi._loops.run(function, arguments, keywords, responder, context)
thread_local const CallContext* current = nullptr;

/// An answer that a coroutine gives. Threads: any.
class PyResponder {
 public:
  PyResponder(std::shared_ptr<detail::Responder> responder, std::shared_ptr<const PyHandler> handler,
              std::shared_ptr<Home> home, std::string caller)
      : responder_(std::move(responder)),
        handler_(std::move(handler)),
        home_(std::move(home)),
        caller_(std::move(caller)) {}

  // What the stop callback holds is released with the GIL, which must not be held here then.
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
      write_value(writer, value.ptr(), to_process(*home_, caller_), "the result");
    } catch (const PythonError&) {
      return refuse(describe_unencodable_result(handler_->name()));
    }
    const WithoutGil free;
    responder_->reply(writer);
  }
  void fail(nb::handle exception) { refuse(describe(exception.ptr())); }
  /// Calls `stopped` once the caller does not want the answer any more.
  void on_stop(const PyContext& context, nb::handle stopped) {
    // It may be asked on a thread that reads a connection, and must not wait for the GIL there.
    auto run = [responder = responder_, cancel = share(stopped.ptr())] {
      if (Inbox::of_process().add_cancel(cancel)) responder->post(&Inbox::wake);
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

}  // namespace

nb::object make_responder(std::shared_ptr<detail::Responder> responder, std::shared_ptr<const PyHandler> handler,
                          std::shared_ptr<Home> home, std::string caller) {
  auto* const made = new PyResponder(std::move(responder), std::move(handler), std::move(home), std::move(caller));
  return nb::cast(made, nb::rv_policy::take_ownership);
}

void fail_responder(nb::handle responder, PyObject* exception) { nb::cast<PyResponder&>(responder).fail(exception); }

PyHandler::PyHandler(std::string name, PyObject* callable, int kind, Signature signature,
                     std::vector<std::string> callers)
    : function(share(callable)),
      name_(std::move(name)),
      kind_(static_cast<Kind>(kind)),
      signature_(std::move(signature)),
      callers_(std::move(callers)) {}

ContextScope::ContextScope(const CallContext* context) : outer_(std::exchange(current, context)) {}
ContextScope::~ContextScope() { current = outer_; }

namespace {

void fail_call(detail::Invocation& invocation, const PyHandler& handler) {
  const Owned exception = take_exception();
  if (is_argument_error(exception.get())) {
    const Owned text(PyObject_Str(exception.get()));
    const char* words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
    return invocation.reject_arguments(std::string(words != nullptr ? words : "wrong arguments") +
                                       ". Function signature: " + handler.signature().text(handler.name()));
  }
  throw describe(exception.get());
}

void start_coroutine(detail::Invocation& invocation, const std::shared_ptr<PyHandler>& handler,
                     const std::shared_ptr<Home>& home, const Owned& positional, const Owned& named) {
  const CallContext context = invocation.context();
  nb::object responder = make_responder(invocation.defer(), handler, home, context.caller());
  nb::object about = nb::cast(PyContext(context));
  const Owned done(PyObject_CallFunctionObjArgs(run_coroutine, handler->function.get(), positional.get(),
                                                named ? named.get() : Py_None, responder.ptr(), about.ptr(), nullptr));
  if (done) return;
  const Owned exception = take_exception();
  fail_responder(responder, exception.get());
}

void start_stream(detail::Invocation& invocation, const PyHandler& handler, const std::shared_ptr<Home>& home,
                  nb::object generator) {
  const CallContext context = invocation.context();
  auto form = results_of(handler.name(), home, context.caller());
  invocation.stream(handler.kind() == PyHandler::Kind::generator
                        ? produce(std::move(generator), std::move(form), context)
                        : produce_async(std::move(generator), std::move(form), context));
}

}  // namespace

void answer(detail::Invocation& invocation, const std::shared_ptr<PyHandler>& handler,
            const std::shared_ptr<Home>& home, const Owned& positional, const Owned& named) {
  using Kind = PyHandler::Kind;
  if (handler->kind() == Kind::coroutine) return start_coroutine(invocation, handler, home, positional, named);
  const Shared function = handler->function;  // it may be exchanged meanwhile
  const ContextScope scope(&invocation.context());
  Owned result(PyObject_Call(function.get(), positional.get(), named.get()));
  if (!result) return fail_call(invocation, *handler);
  if (handler->kind() != Kind::function) return start_stream(invocation, *handler, home, nb::steal(result.release()));
  try {
    write_value(invocation.result(), result.get(), to_process(*home, invocation.context().caller()), "the result");
  } catch (const PythonError&) {
    throw describe_unencodable_result(handler->name());
  }
}

namespace {

/// Serves one handler's calls for one Global. Threads: any.
class Served {
 public:
  Served(std::shared_ptr<PyHandler> handler, std::shared_ptr<Home> home)
      : handler_(std::move(handler)), home_(std::move(home)) {}

  void operator()(detail::Invocation& invocation) const {
    if (!python_alive()) throw detail::HandlerFailure{ErrorCode::draining, "the process is ending", nullptr};
    if (handler_->kind() == PyHandler::Kind::coroutine) return hand_over(invocation);
    const Gil gil;
    const std::string& caller = invocation.context().caller();
    Owned positional, keywords;
    try {
      read_arguments(invocation.arguments(), from_process(*home_, caller), positional, keywords);
    } catch (const PythonError&) {
      const Owned exception = take_exception();
      throw describe(exception.get());
    }
    answer(invocation, handler_, home_, positional, keywords);
  }

 private:
  // To the event loop, without the GIL.
  void hand_over(detail::Invocation& invocation) const {
    std::span<const std::byte> positional, named;
    Reader& arguments = invocation.arguments();
    if (!arguments.read_raw(positional) || !arguments.read_raw(named)) {
      throw detail::HandlerFailure{ErrorCode::malformed, arguments.error(), nullptr};
    }
    std::vector<std::byte> copy(positional.begin(), positional.end());
    copy.insert(copy.end(), named.begin(), named.end());
    const CallContext context = invocation.context();
    const auto responder = invocation.defer();
    try {
      if (Inbox::of_process().add({handler_, home_, responder, context, std::move(copy)})) Inbox::wake();
    } catch (const detail::HandlerFailure&) {
      responder->fail(std::current_exception());
    }
  }

  std::shared_ptr<PyHandler> handler_;
  std::shared_ptr<Home> home_;
};

}  // namespace

detail::CallbackSpec make_spec(const std::shared_ptr<PyHandler>& handler, std::shared_ptr<Home> home) {
  detail::CallbackSpec spec;
  spec.name = handler->name();
  spec.signature = handler->signature();
  spec.callers = handler->callers();
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
                       std::string returns, bool stream, std::string documentation, std::vector<std::string> callers) {
        if (!callers.empty()) {
          if (const auto mistake = wire::mistake_in_callers(callers))
            throw InitializationError(ErrorCode::initialization, "callback '" + name + "': " + *mistake);
        }
        return std::make_shared<PyHandler>(
            std::move(name), function.ptr(), kind,
            make_signature(parameters, std::move(returns), stream, std::move(documentation)), std::move(callers));
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
