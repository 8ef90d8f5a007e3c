/// @file  The GIL on threads that are not Python's: taken to run user code and to convert values, for nothing else.
#pragma once

#include <Python.h>

#include <functional>
#include <memory>

namespace daffi::python {

/// False once the interpreter is about to be torn down: nothing of ours touches it any more. Threads: any.
bool python_alive();
void python_ends();
/// For a thread that Python unwinds because it wants the GIL of an interpreter that is torn down: neither nanobind nor
/// the core can bear that, so it stays where it is until the process has ended.
[[noreturn]] void stay_until_exit();

/// Holds the GIL in a scope, on any thread. A thread of the core keeps its Python thread state from its first Gil to
/// its end, so that threading.local() and the like last, and taking the GIL costs no allocation. What Python has raised
/// on this thread and nobody has caught yet, as by a signal amid a wait, is set aside in it. Lock rule: never made
/// while a mutex of the core is held, and no call that may block is made inside one.
class Gil {
 public:
  Gil();
  ~Gil();
  Gil(const Gil&) = delete;
  Gil& operator=(const Gil&) = delete;

 private:
  PyGILState_STATE state_;
  PyObject *type_ = nullptr, *value_ = nullptr, *trace_ = nullptr;
};

/// Lets other Python threads run while this one blocks in the core.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil();
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

/// A Python object shared by C++ objects that may be destroyed on any thread, with or without the GIL.
using Shared = std::shared_ptr<PyObject>;
/// Needs the GIL.
Shared share(PyObject* object);

/// Calls a Python function without arguments, from any thread; what it raises is reported as unraisable. Needs the GIL
/// now, and takes it then.
std::function<void()> calling(PyObject* function);

/// One reference, dropped at the end of a scope that holds the GIL.
class Owned {
 public:
  Owned() = default;
  explicit Owned(PyObject* object) : object_(object) {}
  Owned(Owned&& other) noexcept : object_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    Py_XSETREF(object_, other.release());
    return *this;
  }
  ~Owned() {
    // Without the interpreter its memory is nobody's business, and this thread may not have the GIL (see Gil).
    if (object_ != nullptr && python_alive()) Py_DECREF(object_);
  }
  PyObject* get() const { return object_; }
  PyObject* release() {
    PyObject* const object = object_;
    object_ = nullptr;
    return object;
  }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace daffi::python
