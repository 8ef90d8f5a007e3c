/// @file  A Global for Python: its options, its life, what it knows of others.
#include "core.hpp"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <utility>

#include "blocking.hpp"
#include "code.hpp"
#include "daffi/scheduled_task.hpp"
#include "errors.hpp"
#include "global/maker.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

std::chrono::nanoseconds nanoseconds(std::int64_t count) { return std::chrono::nanoseconds(count); }

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
  take(given, "token_roles", options.token_roles);
  take_duration(given, "grace", options.grace);
  take_duration(given, "heartbeat", options.heartbeat);
  take_duration(given, "connect_timeout", options.connect_timeout);
  take_duration(given, "connect_wait", options.connect_wait);
  take_duration(given, "default_timeout", options.default_timeout);
  take_duration(given, "drain_timeout", options.drain_timeout);
  take_duration(given, "busy_poll", options.busy_poll);
  take(given, "handler_threads", options.handler_threads);
  take(given, "max_message_size", options.max_message_size);
  take(given, "max_connections", options.max_connections);
  take(given, "max_connections_per_address", options.max_connections_per_address);
  take(given, "state_dir", options.state_dir);
  if (given.contains("balance")) options.balance = static_cast<Balance>(nb::cast<int>(given["balance"]));
  options.on_node_connect = hook(given, "on_node_connect");
  options.on_node_disconnect = hook(given, "on_node_disconnect");
  return options;
}

}  // namespace

void PyCore::start(nb::dict given, const std::vector<std::shared_ptr<PyHandler>>& handlers) {
  GlobalOptions options = options_from(given);
  take(given, "allow_code", options.allow_code);
  // Where the Global is found while its constructor has not returned: on_init may make calls already.
  options.on_init = [this, hook = hook(given, "on_init")](Global& global, const std::string& process) {
    starting_ = &global;
    kept_ = detail::core_of(global).lock();
    home_->core.store(kept_.get());
    if (hook) hook(global, process);
  };
  global_::Setup setup{"python", {}, code_runners(home_)};
  for (const auto& handler : handlers) setup.callbacks.push_back(make_spec(handler, home_));
  blocking([&] { global_ = global_::Maker::make(options, std::move(setup)); });
}

void PyCore::stop(std::optional<std::int64_t> limit) {
  blocking([&] { limit ? global().stop(nanoseconds(*limit)) : global().stop(); });
}

void PyCore::close() {
  if (!global_ && !kept_) return;
  if (!python_alive()) return abandon();  // its threads may be anywhere; the process ends
  const WithoutGil free;
  home_->core.store(nullptr);
  global_.reset();
  kept_.reset();
}

void PyCore::abandon() {
  home_->core.store(nullptr);
  static_cast<void>(global_.release());
  static_cast<void>(new std::shared_ptr<detail::Core>(std::move(kept_)));
}

std::uint32_t PyCore::add(const std::shared_ptr<PyHandler>& handler) {
  auto spec = make_spec(handler, home_);
  std::uint32_t id = 0;
  blocking([&] { id = core().add_callback(std::move(spec)); });
  return id;
}

void PyCore::remove(std::uint32_t id) {
  blocking([&] { core().remove_callback(id); });
}

Global& PyCore::global() {
  if (!global_ && starting_ != nullptr) return *starting_;
  if (!global_)
    throw GlobalContextError(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped");
  return *global_;
}

detail::Core& PyCore::core() {
  auto* core = home_->core.load();
  if (core == nullptr)
    throw GlobalContextError(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped");
  return *core;
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

namespace {

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

nb::list tasks_of(PyCore& self, const std::string& process) {
  std::vector<ScheduledTaskInfo> tasks;
  blocking([&] { tasks = self.global().get_scheduled_tasks(process); });
  nb::list result;
  for (const ScheduledTaskInfo& each : tasks)
    result.append(nb::make_tuple(each.uuid, each.func_name, each.condition, each.number_of_active_tasks));
  return result;
}

bool cancel_task(PyCore& self, const std::string& process, const std::string& uuid) {
  bool cancelled = false;
  blocking([&] { cancelled = self.core().cancel_task(process, uuid); });
  return cancelled;
}

}  // namespace

void bind_core(nb::module_& module) {
  nb::class_<PyCore>(module, "Core")
      .def(nb::new_([]() { return std::make_shared<PyCore>(); }))
      .def("start", &PyCore::start)
      .def("stop", &PyCore::stop, nb::arg("limit").none() = nb::none())
      .def("close", &PyCore::close)
      .def("abandon", &PyCore::abandon)
      .def("call", &PyCore::call, nb::arg("name"), nb::arg("positional"), nb::arg("keywords").none(), nb::arg("how"))
      .def("start_call", &PyCore::start_call, nb::arg("name"), nb::arg("positional"), nb::arg("keywords").none(),
           nb::arg("how"))
      .def("feed", &PyCore::feed, nb::arg("name"), nb::arg("generator"), nb::arg("how"), nb::arg("asynchronous"),
           nb::arg("wait"))
      .def("schedule", &PyCore::schedule, nb::arg("name"), nb::arg("positional"), nb::arg("keywords").none(),
           nb::arg("how"))
      .def("transfer", &PyCore::transfer, nb::arg("process"), nb::arg("name"), nb::arg("dumped"), nb::arg("positional"),
           nb::arg("keywords").none(), nb::arg("how"), nb::arg("yields"), nb::arg("wait"))
      .def("tasks_of", &tasks_of)
      .def("cancel_task", &cancel_task)
      .def("add", &PyCore::add)
      .def("remove", &PyCore::remove)
      .def("wait_async", &PyCore::wait_async)
      .def("look_up",
           [](PyCore& self, const std::string& name, const std::string& receiver) {
             const auto facts = self.core().look_up(name, receiver);
             return nb::make_tuple(facts.stream, facts.foreign);
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
  module.def("set_main_thread", &set_main_thread);
}

}  // namespace daffi::python
