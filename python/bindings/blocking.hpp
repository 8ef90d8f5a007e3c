/// @file  Waits in the core, from Python: without the GIL, and interrupted by signals on the main thread.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>

#include "gil.hpp"
#include "rpc/interrupt.hpp"

namespace daffi::python {

/// Python's main thread, which runs the handlers of its signals. Threads: any.
void set_main_thread(unsigned long ident);
bool is_main_thread();
/// A signal's Python handler raised: the exception stays set on this thread, which holds the GIL again when it sees it.
bool signal_raised();

/// Runs `work` in the core without the GIL. On the main thread signals interrupt it. Throws nb::python_error for what
/// Python raised meanwhile, else what `work` throws.
template <typename Work>
void blocking(Work&& work) {
  std::exception_ptr error;
  {
    const bool is_main = is_main_thread();
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
  if (PyErr_Occurred()) throw nanobind::python_error();
  if (error) std::rethrow_exception(error);
}

}  // namespace daffi::python
