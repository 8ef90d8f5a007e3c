/// @file  The GIL on threads that are not Python's.
#include "gil.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <atomic>

namespace daffi::python {
namespace {

std::atomic<bool> alive{true};

template <typename Take>
void take_gil(Take take) {
  try {
    take();
  } catch (const abi::__forced_unwind&) {
    stay_until_exit();
  }
}

// The outermost Gil of a thread stays taken in the counting sense, which keeps its thread state.
struct Kept {
  bool made = false;
  PyGILState_STATE state{};
  ~Kept() {
    if (!made || !python_alive()) return;
    // Takes the GIL back; the state it came from has it taken, so it is given up with the second release.
    take_gil([] { PyGILState_Ensure(); });
    PyGILState_Release(PyGILState_LOCKED);
    PyGILState_Release(state);
  }
};
thread_local Kept kept;

}  // namespace

bool python_alive() { return alive.load(std::memory_order_acquire); }
void stay_until_exit() {
  for (;;) ::pause();
}
void python_ends() { alive.store(false, std::memory_order_release); }

Gil::Gil() {
  take_gil([this] {
    if (PyGILState_GetThisThreadState() == nullptr) {
      kept.state = PyGILState_Ensure();
      kept.made = true;
      PyEval_SaveThread();
    }
    state_ = PyGILState_Ensure();
  });
  if (PyErr_Occurred() != nullptr) [[unlikely]]
    PyErr_Fetch(&type_, &value_, &trace_);
}

Gil::~Gil() {
  // What it was taken for was in the middle of Python code that did not get the GIL back.
  if (!python_alive() && PyGILState_Check() == 0) stay_until_exit();
  if (type_ != nullptr) [[unlikely]]
    PyErr_Restore(type_, value_, trace_);
  PyGILState_Release(state_);
}

WithoutGil::~WithoutGil() {
  take_gil([this] { PyEval_RestoreThread(state_); });
}

Shared share(PyObject* object) {
  Py_INCREF(object);
  return Shared(object, [](PyObject* last) {
    if (!python_alive()) return;
    const Gil gil;
    Py_DECREF(last);
  });
}

std::function<void()> calling(PyObject* function) {
  return [shared = share(function)] {
    if (!python_alive()) return;
    const Gil gil;
    const Owned result(PyObject_CallNoArgs(shared.get()));
    if (!result) PyErr_WriteUnraisable(shared.get());
  };
}

}  // namespace daffi::python
