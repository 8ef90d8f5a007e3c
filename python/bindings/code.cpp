/// @file  Python code that other processes send.
#include "code.hpp"

#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "errors.hpp"
#include "handlers.hpp"
#include "rpc/code_runner.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

PyObject* load_function = nullptr;  // daffi._transfer.load(dumped) -> (function, kind)
PyObject* load_source = nullptr;    // daffi._transfer.load_source(text, hash, name) -> (function, kind)

// Of code that is kept for calls to come.
constexpr std::size_t kMostBytes = 64 * 1024 * 1024;

/// The code that came last, by its hash. Threads: any.
class KeptCode {
 public:
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  Bytes find(const base::Sha256& hash) {
    const std::scoped_lock lock(mutex_);
    const auto at = known_.find(key(hash));
    if (at == known_.end()) return nullptr;
    order_.splice(order_.begin(), order_, at->second);
    return at->second->second;
  }
  void keep(const base::Sha256& hash, const Bytes& code) {
    const std::scoped_lock lock(mutex_);
    if (code->size() > kMostBytes || known_.contains(key(hash))) return;
    order_.emplace_front(key(hash), code);
    known_[key(hash)] = order_.begin();
    bytes_ += code->size();
    while (bytes_ > kMostBytes) {
      bytes_ -= order_.back().second->size();
      known_.erase(order_.back().first);
      order_.pop_back();
    }
  }

 private:
  using Entry = std::pair<std::string, Bytes>;
  static std::string key(const base::Sha256& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

  std::mutex mutex_;
  std::list<Entry> order_;  // the one used last in front
  std::unordered_map<std::string, std::list<Entry>::iterator> known_;
  std::size_t bytes_ = 0;
};

[[noreturn]] void refuse(ErrorCode code, std::string why) {
  throw rpc::SystemRefusal{base::fail(code, std::move(why))};
}

class PythonCode final : public rpc::CodeRunner {
 public:
  PythonCode(std::shared_ptr<Home> home, bool source) : home_(std::move(home)), source_(source) {}

  std::string what() const override {
    const std::string version = std::to_string(PY_MAJOR_VERSION) + "." + std::to_string(PY_MINOR_VERSION);
    return (source_ ? "source for Python " : "functions of Python ") + version;
  }

  void run(const rpc::CodeCall& call, detail::Invocation& invocation) override {
    const auto code = obtain(call);
    if (!python_alive()) refuse(ErrorCode::draining, "the process is ending");
    const Gil gil;
    const auto handler = load(call, *code);
    Owned positional, named;
    try {
      Reader arguments(call.arguments);
      read_arguments(arguments, from_process(*home_, invocation.context().caller()), positional, named);
    } catch (const PythonError&) {
      const Owned exception = take_exception();
      throw describe(exception.get());
    }
    answer(invocation, handler, home_, positional, named);
  }

 private:
  KeptCode::Bytes obtain(const rpc::CodeCall& call) {
    if (!call.code) {
      auto known = kept_.find(call.hash);
      if (!known) refuse(ErrorCode::code_missing, "this process does not have the code " + base::hex(call.hash));
      return known;
    }
    if (base::sha256(*call.code) != call.hash)
      refuse(ErrorCode::unusable_code, "the code is damaged: its bytes do not give its hash");
    auto code = std::make_shared<const std::vector<std::byte>>(call.code->begin(), call.code->end());
    kept_.keep(call.hash, code);
    return code;
  }

  // A function of its own for each call: calls share no state by it.
  std::shared_ptr<PyHandler> load(const rpc::CodeCall& call, const std::vector<std::byte>& code) const {
    const auto* data = reinterpret_cast<const char*>(code.data());
    const auto size = static_cast<Py_ssize_t>(code.size());
    const std::string name(call.function);
    const std::string hash = base::hex(call.hash);
    const Owned loaded(source_ ? PyObject_CallFunction(load_source, "y#ss", data, size, hash.c_str(), name.c_str())
                               : PyObject_CallFunction(load_function, "y#", data, size));
    PyObject* function = nullptr;
    int kind = 0;
    if (!loaded || !PyArg_ParseTuple(loaded.get(), "Oi", &function, &kind)) {
      const Owned exception = take_exception();
      const Owned text(PyObject_Str(exception.get()));
      const char* words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
      PyErr_Clear();
      refuse(ErrorCode::unusable_code, "the function '" + name + "' cannot be made from the code that was sent: " +
                                           Py_TYPE(exception.get())->tp_name + ": " + (words != nullptr ? words : "?"));
    }
    return std::make_shared<PyHandler>(name, function, kind, Signature{});
  }

  const std::shared_ptr<Home> home_;
  const bool source_;
  KeptCode kept_;
};

}  // namespace

std::vector<std::pair<std::string, std::shared_ptr<rpc::CodeRunner>>> code_runners(const std::shared_ptr<Home>& home) {
  return {{DumpedFunction::kKind, std::make_shared<PythonCode>(home, false)},
          {"python", std::make_shared<PythonCode>(home, true)}};
}

void bind_code(nb::module_& module) {
  module.def("set_code_functions", [](nb::callable function, nb::callable source) {
    load_function = function.inc_ref().ptr();
    load_source = source.inc_ref().ptr();
  });
}

}  // namespace daffi::python
