/// @file  Calls from Python: at once, in the background, to many, at certain times, as streams.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>
#include <utility>

#include "blocking.hpp"
#include "code.hpp"
#include "core.hpp"
#include "daffi/detail/fetch_arguments.hpp"
#include "daffi/duration.hpp"
#include "daffi/scheduled_task.hpp"
#include "errors.hpp"
#include "items.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* stream_type = nullptr;     // daffi.async_result.IterableAsyncResult
PyObject* to_nanoseconds = nullptr;  // daffi.modifiers.nanoseconds

std::chrono::nanoseconds nanoseconds(std::int64_t count) { return std::chrono::nanoseconds(count); }

// One value that came back of a call, which has run.
nb::object read_result(Reader& reader, const Origin& from) {
  try {
    Owned value(read_value(reader, from));
    if (!reader.expect_end()) {
      raise_protocol_error(reader.error());
      throw PythonError();
    }
    return nb::steal(value.release());
  } catch (const PythonError&) {
    set_may_have_run();
    throw;
  }
}

[[noreturn]] void raise(const nb::object& exception) {
  PyErr_SetObject(exception.type().ptr(), exception.ptr());
  throw nb::python_error();
}

/// A call under way: daffi.AsyncResult, but for what coroutines need. Everything under the GIL.
class PyPending {
 public:
  enum class Answer { value, gathered, nothing };

  PyPending(std::shared_ptr<detail::PendingCall> call, std::shared_ptr<PyCore> core, Answer answer)
      : call_(std::move(call)), core_(std::move(core)), answer_(answer) {}
  bool ready() const { return call_->ready(); }
  /// `timeout`: None, or what daffi.modifiers.nanoseconds takes.
  nb::object get(nb::handle timeout) {
    if (!settled_) settle(timeout);
    if (error_.is_valid()) raise(error_);
    return value_;
  }
  nb::object error() const {
    if (error_.is_valid()) return error_;
    const std::exception_ptr error = settled_ ? nullptr : call_->error();
    if (!error) return nb::none();
    try {
      std::rethrow_exception(error);
    } catch (...) {
      return exception_of(std::current_exception());
    }
  }
  void cancel() {
    const WithoutGil free;
    call_->cancel();
  }
  void on_done(nb::callable done) {
    auto run = calling(done.ptr());
    const WithoutGil free;
    call_->on_done(std::move(run));
  }
  std::string uuid() const { return call_->uuid(); }
  const std::string& func_name() const { return call_->func_name(); }

 private:
  void settle(nb::handle timeout) {
    std::optional<std::chrono::nanoseconds> limit;
    if (!timeout.is_none()) {
      const auto count = nb::cast<std::int64_t>(nb::borrow(to_nanoseconds)(timeout, "timeout of get()"));
      if (count != 0) limit = nanoseconds(count);
    }
    try {
      const detail::Reply* reply = nullptr;
      // A result that is there is taken without giving the GIL up.
      if (call_->ready())
        reply = &call_->wait(std::nullopt);
      else
        blocking([&] { reply = &call_->wait(limit); });
      if (!settled_) keep(answer_of(*reply), {});
    } catch (nb::python_error& interrupt) {
      if (!call_->ready() || !interrupt.matches(PyExc_Exception)) throw;
      keep({}, nb::borrow(interrupt.value()));
    } catch (const PythonError&) {
      keep({}, nb::steal(take_exception().release()));
    } catch (...) {
      if (!call_->ready()) throw;  // it is the wait that has ended
      keep({}, exception_of(std::current_exception()));
    }
  }
  nb::object answer_of(const detail::Reply& reply) const {
    if (answer_ == Answer::nothing) return nb::none();
    return answer_ == Answer::gathered ? core_->read_gathered(reply.gathered) : core_->read(reply);
  }
  // Whoever was quicker, of several threads: what it has given is what is given from then on.
  void keep(nb::object value, nb::object error) {
    if (settled_) return;
    value_ = std::move(value);
    error_ = std::move(error);
    settled_ = true;
  }
  nb::object exception_of(const std::exception_ptr& error) const {
    try {
      std::rethrow_exception(error);
    } catch (const BroadcastTimeout& known) {
      return core_->late(known);
    } catch (const Error& known) {
      return nb::steal(to_exception(known).release());
    } catch (const BodyRaised& raised) {
      raised.restore();
      return nb::steal(take_exception().release());
    }
  }

  std::shared_ptr<detail::PendingCall> call_;
  std::shared_ptr<PyCore> core_;
  Answer answer_;
  bool settled_ = false;
  nb::object value_, error_;
};

/// The items of a callback that yields, for a loop.
class PyStream {
 public:
  PyStream(std::shared_ptr<detail::ItemStream> items, std::shared_ptr<PyCore> core)
      : items_(std::move(items)), core_(std::move(core)) {}
  ~PyStream() {
    if (!items_) return;
    if (!python_alive()) {
      // Its threads may be anywhere; the process ends.
      static_cast<void>(new std::shared_ptr<detail::ItemStream>(std::move(items_)));
      return;
    }
    const WithoutGil free;
    items_.reset();
  }
  PyStream(const PyStream&) = delete;
  PyStream& operator=(const PyStream&) = delete;

  bool ready() const { return !items_ || items_->ready(); }
  nb::object next() {
    if (!items_) throw nb::stop_iteration();
    if (taking_) {
      PyErr_SetString(PyExc_ValueError, "another thread is waiting for an item of this stream");
      throw nb::python_error();
    }
    const Taking taking(taking_);
    const std::shared_ptr<detail::ItemStream> items = items_;  // another thread may close it meanwhile
    std::span<const std::byte> item;
    bool more = false;
    // What is there already is taken without giving the GIL up: that costs more than the item.
    if (items->ready())
      more = items->next(item);
    else
      blocking([&] { more = items->next(item); });
    if (!more) {
      close();
      throw nb::stop_iteration();
    }
    Reader reader(item);
    const Home& home = *core_->home();
    const Origin from{[&] { from_member(home, items->from()).permit_code(); }};
    return read_result(reader, from);
  }
  void on_ready(nb::callable done) {
    if (!items_) {
      done();
      return;
    }
    auto run = calling(done.ptr());
    const WithoutGil free;
    items_->on_ready(std::move(run));
  }
  void close() {
    const auto items = std::exchange(items_, nullptr);
    if (!items) return;
    const WithoutGil free;
    items->close();
  }

 private:
  // One thread at a time takes items; the GIL, given up while it waits, does not see to that.
  struct Taking {
    explicit Taking(bool& flag) : flag_(flag) { flag_ = true; }
    ~Taking() { flag_ = false; }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;
    bool& flag_;
  };

  std::shared_ptr<detail::ItemStream> items_;
  const std::shared_ptr<PyCore> core_;
  bool taking_ = false;
};

PyObject* dict_or_null(nb::handle keywords) {
  return keywords.is_none() || PyDict_GET_SIZE(keywords.ptr()) == 0 ? nullptr : keywords.ptr();
}

std::vector<std::string> names_of(nb::handle keywords) {
  std::vector<std::string> names;
  if (dict_or_null(keywords) == nullptr) return names;
  for (nb::handle key : nb::borrow<nb::dict>(keywords).keys()) names.push_back(nb::cast<std::string>(key));
  return names;
}

}  // namespace

const detail::SharedSpec& PySpec::shared(nb::handle name, std::size_t positional) const {
  if (last_ && last_name_.is(name) && last_->positional == positional) return last_;
  auto fresh = std::make_shared<detail::CallSpec>(spec);
  fresh->name = nb::cast<std::string>(name);
  fresh->positional = positional;
  last_ = std::move(fresh);
  last_name_ = nb::borrow(name);
  return last_;
}

detail::CallSpec PyCore::prepare(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how,
                                 Writer& writer, bool lend) {
  detail::CallSpec spec = how.spec;
  spec.name = name.c_str();
  spec.positional = nb::len(positional);
  spec.keywords = names_of(keywords);
  const Holders holders{*home_, spec.name, spec.receiver};
  write_arguments(writer, positional.ptr(), dict_or_null(keywords), to_holders(holders), lend);
  return spec;
}

nb::object PyCore::read(const detail::Reply& reply) {
  Reader reader(reply.bytes());
  return read_result(reader, from_member(*home_, reply.from));
}

nb::object PyCore::read_gathered(const std::vector<detail::Gathered>& gathered) {
  nb::dict outcomes;
  for (const detail::Gathered& each : gathered) {
    nb::object outcome;
    try {
      if (each.error) std::rethrow_exception(each.error);
      Reader reader(each.result);
      outcome = read_result(reader, from_process(*home_, each.process));
    } catch (const Error& error) {
      outcome = nb::steal(to_exception(error).release());
    } catch (const PythonError&) {
      outcome = nb::steal(take_exception().release());
    }
    outcomes[each.process.c_str()] = outcome;
  }
  return outcomes;
}

// A call whose result is waited for.
nb::object PyCore::run(const detail::CallSpec& spec, Writer& arguments) {
  detail::Reply reply;
  try {
    blocking([&] { core().call(spec, arguments, reply); });
  } catch (const BroadcastTimeout& error) {
    raise(late(error));
  }
  return spec.broadcast ? read_gathered(reply.gathered) : read(reply);
}

nb::object PyCore::late(const BroadcastTimeout& error) {
  nb::object exception = nb::steal(to_exception(error).release());
  nb::setattr(exception, "results", read_gathered(error.arrived()));
  return exception;
}

namespace {
// Arguments of so many bytes are not worth giving up the GIL.
constexpr std::size_t kShortWork = 16 * 1024;
}  // namespace

// A call whose result is not waited for here; None when none is wanted.
nb::object PyCore::begin(const detail::SharedSpec& spec, Writer& arguments) {
  const auto answer = spec->broadcast ? PyPending::Answer::gathered : PyPending::Answer::value;
  std::shared_ptr<detail::PendingCall> pending;
  // To let the others run for so short a time costs more than it gives them.
  const bool short_work = spec->return_result && arguments.size() <= kShortWork && core().sends_at_once();
  if (short_work)
    pending = core().start_call(spec, arguments);
  else
    blocking([&] { pending = core().start_call(spec, arguments); });
  if (!pending) return nb::none();
  return nb::cast(PyPending(std::move(pending), shared_from_this(), answer));
}

nb::object PyCore::start_stream(const detail::CallSpec& spec, Writer& arguments) {
  std::shared_ptr<detail::ItemStream> items;
  blocking([&] { items = core().start_stream(spec, arguments); });
  nb::object stream = nb::cast(std::make_shared<PyStream>(std::move(items), shared_from_this()));
  return nb::steal(nb::borrow(stream_type)(stream, spec.name.c_str()).release());
}

nb::object PyCore::call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how) {
  const auto keep = shared_from_this();
  detail::ArgumentWriter writer;
  // The arguments stay as they are until the call has ended.
  const detail::CallSpec spec = prepare(name, positional, keywords, how, *writer, true);
  if (!spec.broadcast && core().look_up(spec.name, spec.receiver).stream) return start_stream(spec, *writer);
  return run(spec, *writer);
}

nb::object PyCore::start_call(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how) {
  detail::ArgumentWriter writer;
  detail::SharedSpec spec;
  if (dict_or_null(keywords) == nullptr) {
    spec = how.shared(name, nb::len(positional));
    const Holders holders{*home_, spec->name, spec->receiver};
    write_arguments(*writer, positional.ptr(), nullptr, to_holders(holders));
  } else {
    spec = std::make_shared<const detail::CallSpec>(prepare(name, positional, keywords, how, *writer));
  }
  if (!spec->broadcast && core().look_up(spec->name, spec->receiver).stream) return start_stream(*spec, *writer);
  return begin(spec, *writer);
}

nb::object PyCore::feed(nb::str name, nb::object generator, const PySpec& how, bool asynchronous, bool wait) {
  const auto keep = shared_from_this();
  detail::CallSpec spec = how.spec;
  spec.name = name.c_str();
  auto form = arguments_of(spec.name, spec.receiver, home_);
  auto items = asynchronous ? produce_async(std::move(generator), std::move(form), std::nullopt)
                            : produce(std::move(generator), std::move(form), std::nullopt);
  if (wait) {
    blocking([&] { core().feed(spec, std::move(items)); });
    return nb::none();
  }
  std::shared_ptr<detail::PendingCall> pending;
  blocking([&] { pending = core().start_feed(spec, std::move(items)); });
  if (!pending) return nb::none();
  return nb::cast(PyPending(std::move(pending), keep, PyPending::Answer::nothing));
}

nb::tuple PyCore::schedule(nb::str name, nb::tuple positional, nb::handle keywords, const PySpec& how) {
  detail::ArgumentWriter writer;
  const detail::CallSpec spec = prepare(name, positional, keywords, how, *writer);
  ScheduledTask task;
  blocking([&] { task = core().schedule(spec, *writer); });
  return nb::make_tuple(task.uuid(), task.process_name());
}

nb::object PyCore::transfer(nb::str process, nb::str name, nb::bytes dumped, nb::tuple positional, nb::handle keywords,
                            const PySpec& how, bool yields, bool wait) {
  const auto keep = shared_from_this();
  detail::CallSpec spec = how.spec;
  spec.name = name.c_str();
  const std::string receiver = process.c_str();
  Writer arguments;
  write_arguments(arguments, positional.ptr(), dict_or_null(keywords), to_process(*home_, receiver));
  detail::ArgumentWriter call;
  const DumpedFunction code(std::as_bytes(std::span(dumped.c_str(), dumped.size())));
  detail::prepare_transfer(spec, receiver, code, *call, arguments.payload());
  if (yields) return start_stream(spec, *call);
  return wait ? run(spec, *call) : begin(std::make_shared<const detail::CallSpec>(std::move(spec)), *call);
}

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
      }))
      .def("at", [](const PySpec& self, const std::vector<std::int64_t>& moments, std::int64_t interval) {
        detail::Times times;
        for (const std::int64_t each : moments) times.at.push_back(nanoseconds(each));
        times.interval = nanoseconds(interval);
        PySpec how = self;
        how.spec.times = std::make_shared<const detail::Times>(std::move(times));
        return how;
      });
  nb::class_<PyPending>(module, "AsyncResult", nb::is_weak_referenceable())
      .def("get", &PyPending::get, nb::arg("timeout").none() = nb::none(),
           "Blocks until the call has ended; gives its result or raises its error, also when it is asked again.\n\n"
           "After ``timeout`` it raises TimeoutError, and the call goes on.")
      .def_prop_ro("ready", &PyPending::ready, "True once the call has ended, in whichever way. Never blocks.")
      .def_prop_ro("error", &PyPending::error,
                   "The call's error; None while it runs, and when it succeeded. Never blocks.")
      .def("cancel", &PyPending::cancel,
           "Ends the call with CancelledError and tells the callee. Without effect once it has ended.")
      .def("_on_done", &PyPending::on_done)
      .def_prop_ro("uuid", &PyPending::uuid, "Tells this call from all others.")
      .def_prop_ro("func_name", &PyPending::func_name, "The callback's name.");
  nb::class_<PyStream>(module, "Stream")
      .def("__iter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__next__", &PyStream::next)
      .def("ready", &PyStream::ready)
      .def("on_ready", &PyStream::on_ready)
      .def("close", &PyStream::close);
  module.def("set_nanoseconds", [](nb::callable parse) { to_nanoseconds = parse.inc_ref().ptr(); });
  module.def("set_stream_type", [](nb::handle type) { stream_type = type.inc_ref().ptr(); });
  module.def("parse_duration", [](const std::string& text) { return Duration(text).nanoseconds().count(); });
}

}  // namespace daffi::python
