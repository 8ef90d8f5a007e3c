/// @file  A Global for Python: its life, its calls, what it knows of others.
#include "calls.hpp"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <chrono>
#include <optional>

#include "daffi/global.hpp"
#include "errors.hpp"
#include "global/maker.hpp"
#include "handlers.hpp"
#include "rpc/interrupt.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

std::atomic<unsigned long> main_thread{0};

// A signal's Python handler raised: the exception stays set on this thread, which holds the GIL again when it sees it.
bool signal_raised() {
  const PyGILState_STATE state = PyGILState_Ensure();
  const bool raised = PyErr_Occurred() != nullptr || PyErr_CheckSignals() != 0;
  PyGILState_Release(state);
  return raised;
}

/// Runs `work` in the core without the GIL. On the main thread signals interrupt it. Throws nb::python_error.
template <typename Work>
void blocking(Work&& work) {
  std::exception_ptr error;
  {
    const bool is_main = PyThread_get_thread_ident() == main_thread.load();
    const WithoutGil free;
    try {
      if (is_main) {
        const rpc::WaitInterrupt interrupt(&signal_raised);
        work();
      } else {
        work();
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (PyErr_Occurred()) throw nb::python_error();
  if (error) std::rethrow_exception(error);
}

std::chrono::nanoseconds nanoseconds(std::int64_t count) { return std::chrono::nanoseconds(count); }

/// How calls by one modifier are made; used for many calls.
struct PySpec {
  detail::CallSpec spec;
};

class PyCore;

class PyPending {
 public:
  PyPending(std::shared_ptr<detail::PendingCall> call, std::shared_ptr<PyCore> core, bool broadcast)
      : call_(std::move(call)), core_(std::move(core)), broadcast_(broadcast) {}
  bool ready() const { return call_->ready(); }
  nb::object wait(std::optional<std::int64_t> limit);
  nb::object error() const;
  void cancel() {
    const WithoutGil free;
    call_->cancel();
  }
  void on_done(nb::callable done) {
    auto run = [shared = share(done.ptr())] {
      if (!python_alive()) return;
      const Gil gil;
      const Owned result(PyObject_CallNoArgs(shared.get()));
      if (!result) PyErr_WriteUnraisable(shared.get());
    };
    const WithoutGil free;
    call_->on_done(std::move(run));
  }
  std::string uuid() const { return call_->uuid(); }
  const std::string& func_name() const { return call_->func_name(); }

 private:
  const std::shared_ptr<detail::PendingCall> call_;
  const std::shared_ptr<PyCore> core_;
  const bool broadcast_;
};

class PyCore : public std::enable_shared_from_this<PyCore> {
 public:
  PyCore() : home_(std::make_shared<Home>()) {}
  ~PyCore() { close(); }
  PyCore(const PyCore&) = delete;
  PyCore& operator=(const PyCore&) = delete;

  void start(nb::dict given, const std::vector<std::shared_ptr<PyHandler>>& handlers);
  void stop(std::optional<std::int64_t> limit) {
    blocking([&] { limit ? global().stop(nanoseconds(*limit)) : global().stop(); });
  }
  /// Ends all its threads; to be stopped before.
  void close() {
    if (!global_ && !kept_) return;
    if (!python_alive()) return abandon();  // its threads may be anywhere; the process ends
    const WithoutGil free;
    home_->core.store(nullptr);
    global_.reset();
    kept_.reset();
  }
  /// The child of a fork has none of its threads: it is neither used nor destroyed any more.
  void abandon() {
    home_->core.store(nullptr);
    static_cast<void>(global_.release());
    static_cast<void>(new std::shared_ptr<detail::Core>(std::move(kept_)));
  }
  nb::object call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how);
  nb::object start_call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how);
  std::uint32_t add(const std::shared_ptr<PyHandler>& handler) {
    auto spec = make_spec(handler, home_);
    std::uint32_t id = 0;
    blocking([&] { id = core().add_callback(std::move(spec)); });
    return id;
  }
  void remove(std::uint32_t id) {
    blocking([&] { core().remove_callback(id); });
  }
  void wait_async(int subject, const std::string& name, std::int64_t timeout, nb::callable done);

  Global& global() {
    if (!global_ && starting_ != nullptr) return *starting_;
    if (!global_)
      throw GlobalContextError(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped");
    return *global_;
  }
  detail::Core& core() {
    auto* core = home_->core.load();
    if (core == nullptr)
      throw GlobalContextError(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped");
    return *core;
  }
  nb::object read(const detail::Reply& reply);
  /// What each process answered: a dict of its name to its result or its error.
  nb::object read_gathered(const detail::Reply& reply);
  const std::shared_ptr<Home>& home() const { return home_; }

 private:
  detail::CallSpec prepare(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how, Writer& writer);

  std::unique_ptr<Global> global_;
  Global* starting_ = nullptr;
  std::shared_ptr<detail::Core> kept_;
  const std::shared_ptr<Home> home_;
};

// ---- options

template <typename T>
void take(nb::dict& given, const char* name, T& into) {
  if (given.contains(name)) into = nb::cast<T>(given[name]);
}

void take_duration(nb::dict& given, const char* name, Duration& into) {
  if (given.contains(name)) into = nanoseconds(nb::cast<std::int64_t>(given[name]));
}

LifecycleHook hook(nb::dict& given, const char* name) {
  if (!given.contains(name)) return {};
  return [shared = share(nb::object(given[name]).ptr())](Global&, const std::string& process) {
    if (!python_alive()) return;
    const Gil gil;
    const Owned result(PyObject_CallFunction(shared.get(), "s", process.c_str()));
    if (!result) PyErr_WriteUnraisable(shared.get());
  };
}

GlobalOptions options_from(nb::dict& given) {
  GlobalOptions options;
  take(given, "process_name", options.process_name);
  take(given, "init_controller", options.init_controller);
  take(given, "init_node", options.init_node);
  if (given.contains("host")) options.host = nb::cast<std::string>(given["host"]);
  if (given.contains("port")) options.port = nb::cast<int>(given["port"]);
  take(given, "unix_sock_path", options.unix_sock_path);
  take(given, "ssl_certificate", options.ssl_certificate);
  take(given, "ssl_key", options.ssl_key);
  take(given, "ssl_ca", options.ssl_ca);
  take(given, "token", options.token);
  take_duration(given, "grace", options.grace);
  take_duration(given, "heartbeat", options.heartbeat);
  take_duration(given, "connect_timeout", options.connect_timeout);
  take_duration(given, "connect_wait", options.connect_wait);
  take_duration(given, "default_timeout", options.default_timeout);
  take_duration(given, "drain_timeout", options.drain_timeout);
  take_duration(given, "busy_poll", options.busy_poll);
  take(given, "handler_threads", options.handler_threads);
  take(given, "max_message_size", options.max_message_size);
  if (given.contains("balance")) options.balance = static_cast<Balance>(nb::cast<int>(given["balance"]));
  options.on_node_connect = hook(given, "on_node_connect");
  options.on_node_disconnect = hook(given, "on_node_disconnect");
  return options;
}

void PyCore::start(nb::dict given, const std::vector<std::shared_ptr<PyHandler>>& handlers) {
  GlobalOptions options = options_from(given);
  take(given, "allow_code", home_->allow_code);
  // Where the Global is found while its constructor has not returned: on_init may make calls already.
  options.on_init = [this, hook = hook(given, "on_init")](Global& global, const std::string& process) {
    starting_ = &global;
    kept_ = detail::core_of(global).lock();
    home_->core.store(kept_.get());
    if (hook) hook(global, process);
  };
  global_::Setup setup{"python", {}};
  for (const auto& handler : handlers) setup.callbacks.push_back(make_spec(handler, home_));
  blocking([&] { global_ = global_::Maker::make(options, std::move(setup)); });
}

// ---- calls

detail::CallSpec PyCore::prepare(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how,
                                 Writer& writer) {
  detail::CallSpec spec = how.spec;
  spec.name = name.c_str();
  spec.positional = nb::len(positional);
  PyObject* const named = keywords.is_none() || PyDict_GET_SIZE(keywords.ptr()) == 0 ? nullptr : keywords.ptr();
  if (named != nullptr) {
    for (nb::handle key : nb::borrow<nb::dict>(keywords).keys()) spec.keywords.push_back(nb::cast<std::string>(key));
  }
  detail::Core& target = core();
  const Destination to{[&] { return target.look_up(spec.name, spec.receiver).foreign; }, {}};
  write_arguments(writer, positional.ptr(), named, to);
  spec.show_arguments = [&writer] { return daffi::show_arguments(writer.payload()); };
  return spec;
}

nb::object PyCore::read(const detail::Reply& reply) {
  Reader reader(reply.bytes());
  const Origin from{[&] {
    detail::Core& here = core();
    require_trust(here, here.trust_in(reply.from), home_->allow_code, here.name_of(reply.from));
  }};
  return nb::steal(read_value(reader, from));
}

nb::object PyCore::call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how) {
  const auto keep = shared_from_this();
  detail::ArgumentWriter writer;
  const detail::CallSpec spec = prepare(name, positional, keywords, how, *writer);
  detail::Reply reply;
  if (!spec.broadcast) {
    blocking([&] { core().call(spec, *writer, reply); });
    return read(reply);
  }
  try {
    blocking([&] { core().call(spec, *writer, reply); });
  } catch (const TimeoutError& late) {
    // What has arrived by then goes with the error.
    nb::object error = nb::steal(to_exception(late).release());
    nb::setattr(error, "results", read_gathered(reply));
    PyErr_SetObject(error.type().ptr(), error.ptr());
    throw nb::python_error();
  }
  return read_gathered(reply);
}

nb::object PyCore::read_gathered(const detail::Reply& reply) {
  nb::dict outcomes;
  for (const detail::Gathered& each : reply.gathered) {
    nb::object outcome;
    try {
      if (each.error) std::rethrow_exception(each.error);
      const Origin from{[&] { require_trust(core(), core().trust_in(each.process), home_->allow_code, each.process); }};
      Reader reader(each.result);
      outcome = nb::steal(read_value(reader, from));
    } catch (const Error& error) {
      outcome = nb::steal(to_exception(error).release());
    } catch (const PythonError&) {
      outcome = nb::steal(take_exception().release());
    }
    outcomes[each.process.c_str()] = outcome;
  }
  return outcomes;
}

nb::object PyCore::start_call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how) {
  detail::ArgumentWriter writer;
  const detail::CallSpec spec = prepare(name, positional, keywords, how, *writer);
  std::shared_ptr<detail::PendingCall> pending;
  blocking([&] {
    detail::CallSpec own = spec;
    own.show_arguments = nullptr;
    pending = core().start_call(own, *writer);
  });
  if (!pending) return nb::none();
  return nb::cast(std::make_shared<PyPending>(std::move(pending), shared_from_this(), spec.broadcast));
}

nb::object PyPending::wait(std::optional<std::int64_t> limit) {
  const detail::Reply* reply = nullptr;
  blocking([&] { reply = &call_->wait(limit ? std::optional(nanoseconds(*limit)) : std::nullopt); });
  return broadcast_ ? core_->read_gathered(*reply) : core_->read(*reply);
}

nb::object PyPending::error() const {
  const std::exception_ptr error = call_->error();
  if (!error) return nb::none();
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return nb::steal(to_exception(known).release());
  }
}

void PyCore::wait_async(int subject, const std::string& name, std::int64_t timeout, nb::callable done) {
  auto finish = [shared = share(done.ptr())](std::exception_ptr error) {
    if (!python_alive()) return;
    const Gil gil;
    Owned exception;
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error& known) {
      exception = to_exception(known);
    } catch (...) {
    }
    const Owned result(PyObject_CallOneArg(shared.get(), exception ? exception.get() : Py_None));
    if (!result) PyErr_WriteUnraisable(shared.get());
  };
  blocking([&] {
    core().wait_async(static_cast<detail::Core::Subject>(subject), name, nanoseconds(timeout), std::move(finish));
  });
}

nb::list members_of(PyCore& self) {
  std::vector<Member> members;
  blocking([&] { members = self.global().members(); });
  nb::list result;
  for (const Member& each : members) {
    nb::list callbacks;
    for (const auto& callback : each.callbacks)
      callbacks.append(
          nb::make_tuple(callback.name, callback.signature.text(callback.name), callback.signature.stream));
    result.append(nb::make_tuple(each.process_name, each.language, each.identity, each.self, each.suspended,
                                 each.draining, callbacks));
  }
  return result;
}

nb::dict stats_of(PyCore& self) {
  GlobalStats stats;
  blocking([&] { stats = self.global().stats(); });
  nb::dict result;
  result["pending_calls"] = stats.pending_calls;
  result["running_calls"] = stats.running_calls;
  result["calls_sent"] = stats.calls_sent;
  result["calls_served"] = stats.calls_served;
  result["late_replies"] = stats.late_replies;
  result["reconnects"] = stats.reconnects;
  result["members"] = stats.members;
  return result;
}

}  // namespace

void bind_calls(nb::module_& module) {
  nb::class_<PySpec>(module, "Spec")
      .def(nb::new_([](std::int64_t timeout, std::int64_t eta, bool return_result, std::string receiver, int balance,
                       std::string key, bool broadcast) {
        PySpec how;
        how.spec.broadcast = broadcast;
        how.spec.timeout = nanoseconds(timeout);
        how.spec.eta = nanoseconds(eta);
        how.spec.return_result = return_result;
        how.spec.receiver = std::move(receiver);
        how.spec.balance = static_cast<detail::Balance>(balance);
        how.spec.key = std::move(key);
        return how;
      }));
  nb::class_<PyPending>(module, "Pending")
      .def("ready", &PyPending::ready)
      .def("wait", &PyPending::wait, nb::arg("limit").none())
      .def("error", &PyPending::error)
      .def("cancel", &PyPending::cancel)
      .def("on_done", &PyPending::on_done)
      .def_prop_ro("uuid", &PyPending::uuid)
      .def_prop_ro("func_name", &PyPending::func_name);
  nb::class_<PyCore>(module, "Core")
      .def(nb::new_([]() { return std::make_shared<PyCore>(); }))
      .def("start", &PyCore::start)
      .def("stop", &PyCore::stop, nb::arg("limit").none() = nb::none())
      .def("close", &PyCore::close)
      .def("abandon", &PyCore::abandon)
      .def("call", &PyCore::call, nb::arg("name"), nb::arg("positional"), nb::arg("keywords").none(), nb::arg("how"))
      .def("start_call", &PyCore::start_call, nb::arg("name"), nb::arg("positional"), nb::arg("keywords").none(),
           nb::arg("how"))
      .def("add", &PyCore::add)
      .def("remove", &PyCore::remove)
      .def("wait_async", &PyCore::wait_async)
      .def("look_up",
           [](PyCore& self, const std::string& name, const std::string& receiver) {
             const auto facts = self.core().look_up(name, receiver);
             return nb::make_tuple(facts.known, facts.stream, facts.foreign);
           })
      .def("members", &members_of)
      .def("stats", &stats_of)
      .def("registered_callbacks",
           [](PyCore& self) {
             std::map<std::string, std::vector<std::string>> names;
             blocking([&] { names = self.global().registered_callbacks(); });
             return names;
           })
      .def("documentation",
           [](PyCore& self, const std::string& process, const std::string& name) {
             std::string text;
             blocking([&] { text = self.global().documentation(process, name); });
             return text;
           })
      .def("is_controller", [](PyCore& self) { return self.global().is_controller(); })
      .def("process_name", [](PyCore& self) { return self.global().process_name(); })
      .def("port", [](PyCore& self) { return self.global().port(); })
      .def("unix_sock_path", [](PyCore& self) { return self.global().unix_sock_path(); })
      .def("connected", [](PyCore& self) { return self.global().connected(); });
  module.def("set_main_thread", [](unsigned long ident) { main_thread.store(ident); });
  module.def("parse_duration", [](const std::string& text) { return Duration(text).nanoseconds().count(); });
}

}  // namespace daffi::python
