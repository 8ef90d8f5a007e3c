/// @file  Generators of Python as producers of items.
#include "items.hpp"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "errors.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* args_type = nullptr;      // daffi._calling.Args
PyObject* run_generator = nullptr;  // daffi._loops.run_generator(generator, sink, context)

// What an asynchronous generator may have made before it was taken.
constexpr std::size_t kMostWaiting = 64;
constexpr std::size_t kMostWaitingBytes = 64 * 1024;

class ResultForm final : public ItemForm {
 public:
  ResultForm(std::string callback, std::shared_ptr<Home> home, std::string caller)
      : callback_(std::move(callback)), home_(std::move(home)), caller_(std::move(caller)) {}
  void write(Writer& item, PyObject* value) override {
    write_value(item, value, to_process(*home_, caller_), "the item");
  }
  [[noreturn]] void raise(bool encoding) override {
    if (encoding) throw describe_unencodable_result(callback_);
    const Owned exception = take_exception();
    throw python::describe(exception.get());
  }

 private:
  const std::string callback_;
  const std::shared_ptr<Home> home_;
  const std::string caller_;
};

class ArgumentForm final : public ItemForm {
 public:
  ArgumentForm(std::string callback, std::string receiver, std::shared_ptr<Home> home)
      : callback_(std::move(callback)), receiver_(std::move(receiver)), home_(std::move(home)) {}
  void write(Writer& item, PyObject* value) override {
    const Holders holders{*home_, callback_, receiver_};
    const Destination to = to_holders(holders);
    if (PyTuple_Check(value)) return write(item, value, nullptr, to);
    if (PyObject_TypeCheck(value, reinterpret_cast<PyTypeObject*>(args_type))) {
      const Owned positional(PyObject_GetAttrString(value, "args")), named(PyObject_GetAttrString(value, "kwargs"));
      if (!positional || !named) throw PythonError();
      return write(item, positional.get(), named.get(), to);
    }
    const Owned alone(PyTuple_Pack(1, value));
    if (!alone) throw PythonError();
    write(item, alone.get(), nullptr, to);
  }
  [[noreturn]] void raise(bool) override {
    const Owned exception = take_exception();
    throw BodyRaised(share(exception.get()));
  }
  void describe(detail::CallSpec& spec) const override {
    spec.positional = positional_;
    spec.keywords = keywords_;
  }

 private:
  void write(Writer& item, PyObject* positional, PyObject* named, const Destination& to) {
    positional_ = static_cast<std::size_t>(PyTuple_GET_SIZE(positional));
    keywords_.clear();
    if (named != nullptr && PyDict_GET_SIZE(named) == 0) named = nullptr;
    if (named != nullptr) {
      for (nb::handle key : nb::borrow<nb::dict>(named).keys()) keywords_.push_back(nb::cast<std::string>(key));
    }
    write_arguments(item, positional, named, to);
  }

  const std::string callback_, receiver_;
  const std::shared_ptr<Home> home_;
  std::size_t positional_ = 0;
  std::vector<std::string> keywords_;
};

[[noreturn]] void refuse_at_end() {
  throw detail::HandlerFailure{ErrorCode::draining, "the process is ending", nullptr};
}

class GeneratorItems final : public detail::ItemProducer {
 public:
  GeneratorItems(nb::object generator, std::unique_ptr<ItemForm> form, std::optional<CallContext> context)
      : generator_(share(generator.ptr())), form_(std::move(form)), context_(std::move(context)) {}
  // What it has in its finally blocks runs now, on this thread.
  ~GeneratorItems() override {
    if (!python_alive()) return;
    const Gil gil;
    const ContextScope scope(context_ ? &*context_ : nullptr);
    const Owned closed(PyObject_CallMethod(generator_.get(), "close", nullptr));
    if (!closed) PyErr_WriteUnraisable(generator_.get());
  }

  Next next(Writer& item, const std::function<void()>&) override {
    if (!python_alive()) refuse_at_end();
    const Gil gil;
    const ContextScope scope(context_ ? &*context_ : nullptr);
    const Owned value(PyIter_Next(generator_.get()));
    if (!value) {
      if (PyErr_Occurred() == nullptr) return Next::complete;
      form_->raise(false);
    }
    try {
      form_->write(item, value.get());
    } catch (const PythonError&) {
      form_->raise(true);
    }
    return Next::item;
  }
  void describe(detail::CallSpec& spec) const override { form_->describe(spec); }

 private:
  const Shared generator_;
  const std::unique_ptr<ItemForm> form_;
  const std::optional<CallContext> context_;
};

/// Between an asynchronous generator, on its loop, and the core that asks for its items. Everything under the GIL.
class ItemSink {
 public:
  explicit ItemSink(std::unique_ptr<ItemForm> form) : form_(std::move(form)) {}

  /// False: enough for now, or nobody wants more.
  bool put(nb::handle value) {
    if (closed_) return false;
    Writer encoded;
    try {
      form_->write(encoded, value.ptr());
    } catch (const PythonError&) {
      end(true);
      return false;
    }
    if (!std::exchange(described_, true)) form_->describe(first_);
    bytes_ += encoded.size();
    waiting_.push_back(std::move(encoded));
    tell();
    return waiting_.size() < kMostWaiting && bytes_ < kMostWaitingBytes && !ended_;
  }
  /// Calls `wake` once there is room. False: there is already, it is not called.
  bool wait_for_room(nb::callable wake) {
    if (waiting_.empty() || closed_ || ended_) return false;
    room_ = wake;
    return true;
  }
  bool closed() const { return closed_ || ended_; }
  /// There is no loop to run it on: throws the exception that is set as the generator's own.
  void refuse() { form_->raise(false); }
  void reply(nb::handle) {
    ended_ = true;
    tell();
  }
  void fail(nb::handle exception) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
    end(false);
  }
  /// Whoever runs the generator is told by `stopped` that nobody wants its items.
  void on_stop(nb::handle, nb::callable stopped) {
    if (closed_)
      stopped();
    else
      stopped_ = stopped;
  }

  // ---- the core's side

  detail::ItemProducer::Next next(Writer& item, const std::function<void()>& ready) {
    using Next = detail::ItemProducer::Next;
    if (!waiting_.empty()) {
      item.raw(waiting_.front().payload());
      bytes_ -= waiting_.front().size();
      waiting_.pop_front();
      if (waiting_.empty()) call(std::exchange(room_, nb::object()));
      return Next::item;
    }
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (ended_) return Next::complete;
    ready_ = ready;
    return Next::later;
  }
  /// Of the first item, which alone is asked about: the generator may be ahead of it by now.
  void describe(detail::CallSpec& spec) const {
    spec.positional = first_.positional;
    spec.keywords = first_.keywords;
  }
  void close() {
    closed_ = true;
    waiting_.clear();
    call(std::exchange(room_, nb::object()));
    call(std::exchange(stopped_, nb::object()));
  }

 private:
  static void call(const nb::object& function) {
    if (!function.is_valid()) return;
    const Owned result(PyObject_CallNoArgs(function.ptr()));
    if (!result) PyErr_WriteUnraisable(function.ptr());
  }
  // The Python exception that is set is the last that comes.
  void end(bool encoding) {
    ended_ = true;
    try {
      form_->raise(encoding);
    } catch (...) {
      error_ = std::current_exception();
      if (!error_) stay_until_exit();  // the unwinding of a thread
    }
    tell();
  }
  void tell() {
    const auto ready = std::exchange(ready_, nullptr);
    if (!ready) return;
    const WithoutGil free;
    ready();
  }

  const std::unique_ptr<ItemForm> form_;
  std::deque<Writer> waiting_;
  std::size_t bytes_ = 0;
  bool described_ = false;
  detail::CallSpec first_;
  std::exception_ptr error_;
  std::function<void()> ready_;
  nb::object room_, stopped_;
  bool ended_ = false, closed_ = false;
};

class AsyncItems final : public detail::ItemProducer {
 public:
  explicit AsyncItems(nb::object sink) : sink_(nb::cast<ItemSink*>(sink)), keep_(share(sink.ptr())) {}
  ~AsyncItems() override {
    if (!python_alive()) return;
    const Gil gil;
    sink_->close();
  }
  Next next(Writer& item, const std::function<void()>& ready) override {
    if (!python_alive()) refuse_at_end();
    const Gil gil;
    return sink_->next(item, ready);
  }
  // The sink outlives it for as long as its generator needs it.
  bool ends_while_asked() const override { return true; }
  void describe(detail::CallSpec& spec) const override {
    const Gil gil;
    sink_->describe(spec);
  }

 private:
  ItemSink* const sink_;
  const Shared keep_;
};

}  // namespace

void BodyRaised::restore() const {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception_.get())), exception_.get());
}

std::unique_ptr<ItemForm> results_of(std::string callback, std::shared_ptr<Home> home, std::string caller) {
  return std::make_unique<ResultForm>(std::move(callback), std::move(home), std::move(caller));
}

std::unique_ptr<ItemForm> arguments_of(std::string callback, std::string receiver, std::shared_ptr<Home> home) {
  return std::make_unique<ArgumentForm>(std::move(callback), std::move(receiver), std::move(home));
}

std::unique_ptr<detail::ItemProducer> produce(nb::object generator, std::unique_ptr<ItemForm> form,
                                              std::optional<CallContext> context) {
  return std::make_unique<GeneratorItems>(std::move(generator), std::move(form), std::move(context));
}

std::unique_ptr<detail::ItemProducer> produce_async(nb::object generator, std::unique_ptr<ItemForm> form,
                                                    std::optional<CallContext> context) {
  auto* const made = new ItemSink(std::move(form));
  nb::object sink = nb::cast(made, nb::rv_policy::take_ownership);
  nb::object about = context ? nb::cast(PyContext(*context)) : nb::none();
  auto items = std::make_unique<AsyncItems>(sink);
  const Owned begun(PyObject_CallFunctionObjArgs(run_generator, generator.ptr(), sink.ptr(), about.ptr(), nullptr));
  if (!begun) made->refuse();
  return items;
}

void bind_items(nb::module_& module) {
  nb::class_<ItemSink>(module, "ItemSink")
      .def("put", &ItemSink::put, nb::arg("value").none())
      .def("wait_for_room", &ItemSink::wait_for_room)
      .def_prop_ro("closed", &ItemSink::closed)
      .def("reply", &ItemSink::reply, nb::arg("value").none())
      .def("fail", &ItemSink::fail)
      .def("on_stop", &ItemSink::on_stop, nb::arg("context").none(), nb::arg("stopped"));
  module.def("set_args_type", [](nb::handle type) { args_type = type.inc_ref().ptr(); });
  module.def("set_generator_runner", [](nb::callable run) { run_generator = run.inc_ref().ptr(); });
}

}  // namespace daffi::python
