/// @file  daffi._core: the compiled core as daffi's Python modules see it. Not for users.
#include <nanobind/nanobind.h>

#include "base/error_table.hpp"
#include "code.hpp"
#include "core.hpp"
#include "daffi/log.hpp"
#include "errors.hpp"
#include "handlers.hpp"
#include "inbox.hpp"
#include "items.hpp"
#include "values.hpp"

namespace nb = nanobind;

namespace daffi::python {
namespace {

// Called on the log's own thread.
void set_sink(nb::object sink) {
  if (sink.is_none()) {
    const WithoutGil free;
    return set_log_sink(nullptr);
  }
  auto write = [shared = share(sink.ptr())](const LogRecord& record) {
    if (!python_alive()) return;
    const Gil gil;
    const auto seconds = std::chrono::duration<double>(record.time.time_since_epoch()).count();
    const Owned result(PyObject_CallFunction(shared.get(), "is#s#d", static_cast<int>(record.level), record.part.data(),
                                             static_cast<Py_ssize_t>(record.part.size()), record.text.data(),
                                             static_cast<Py_ssize_t>(record.text.size()), seconds));
    if (!result) PyErr_Clear();
  };
  const WithoutGil free;
  set_log_sink(std::move(write));
}

void translate(const std::exception_ptr& error, void*) {
  // No exception of C++: it is the unwinding of a thread.
  if (!error) stay_until_exit();
  try {
    std::rethrow_exception(error);
  } catch (const PythonError&) {
    // set already
  } catch (const BodyRaised& raised) {
    raised.restore();
  } catch (const Error& known) {
    set_error(known);
  }
}

}  // namespace
}  // namespace daffi::python

NB_MODULE(_core, module) {
  using namespace daffi::python;
  nb::set_leak_warnings(false);
  nb::register_exception_translator(&translate);
  bind_handlers(module);
  bind_inbox(module);
  bind_items(module);
  bind_calls(module);
  bind_core(module);
  bind_code(module);
  module.def("set_value_functions", [](nb::dict encoders, nb::dict decoders, nb::callable other, nb::callable pickle) {
    set_encoders(encoders.ptr(), other.ptr());
    set_decoders(decoders.ptr(), pickle.ptr());
  });
  module.def("set_error_functions", [](nb::callable from_core, nb::callable describe, nb::callable unencodable) {
    set_error_functions(from_core.ptr(), describe.ptr(), unencodable.ptr());
  });
  module.def("set_log_sink", &set_sink, nb::arg("sink").none());
  module.def("set_log_level", [](int level) { daffi::set_log_level(static_cast<daffi::LogLevel>(level)); });
  module.def(
      "encode",
      [](nb::handle value) {
        daffi::Writer writer;
        write_value(writer, value.ptr(), {}, "the value");
        const auto bytes = writer.payload();
        return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      nb::arg("value").none());
  module.def("decode", [](nb::bytes encoded) {
    daffi::Reader reader(std::as_bytes(std::span(encoded.c_str(), encoded.size())));
    return nb::steal(read_value(reader, {}));
  });
  module.def("error_rows", [] {
    nb::list rows;
    for (const auto& row : daffi::base::error_rows())
      rows.append(nb::make_tuple(static_cast<int>(row.code), std::string(row.class_name).c_str(), row.may_have_run,
                                 row.retryable));
    return rows;
  });
  module.def("python_ends", &python_ends);
}
