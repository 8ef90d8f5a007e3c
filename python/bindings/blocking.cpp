/// @file  Waits in the core, from Python.
#include "blocking.hpp"

#include <atomic>

namespace daffi::python {
namespace {
std::atomic<unsigned long> main_thread{0};
}

void set_main_thread(unsigned long ident) { main_thread.store(ident); }
bool is_main_thread() { return PyThread_get_thread_ident() == main_thread.load(); }

bool signal_raised() {
  const PyGILState_STATE state = PyGILState_Ensure();
  const bool raised = PyErr_Occurred() != nullptr || PyErr_CheckSignals() != 0;
  PyGILState_Release(state);
  return raised;
}

}  // namespace daffi::python
