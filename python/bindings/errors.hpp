/// @file  Errors of the core as Python exceptions, and Python exceptions as what callers elsewhere see.
#pragma once

#include <Python.h>

#include <exception>
#include <string>

#include "daffi/detail/invocation.hpp"
#include "daffi/error.hpp"
#include "gil.hpp"

namespace daffi::python {

/// Gives the functions of daffi._errors: from_core(code, message, remote) -> exception, describe(exception) -> (type,
/// message, trace, data), unencodable(value, what). Needs the GIL.
void set_error_functions(PyObject* from_core, PyObject* describe, PyObject* unencodable);

/// The Python exception of an error of the core; null with another one set. Needs the GIL.
Owned to_exception(const Error& error);
/// Sets it. Needs the GIL.
void set_error(const Error& error);
void raise_protocol_error(const std::string& text);
/// Replaces the Python exception that is set, unless it is one of ours or no Exception, by a ProtocolError with it as
/// its cause: bytes of a peer's that are no value.
void blame_bytes();
/// What came back of a call cannot be taken: the exception that is set must not say that the callback has not run.
void set_may_have_run();
/// Replaces the Python exception that is set by one that says what could not be encoded; throws PythonError.
[[noreturn]] void raise_unencodable(PyObject* value, const char* what);

/// Takes the Python exception that is set. Needs the GIL.
Owned take_exception();
/// How a call ends whose callback raised `exception`. Needs the GIL.
detail::HandlerFailure describe(PyObject* exception);
/// How a call ends whose result could not be encoded, with that exception set.
detail::HandlerFailure describe_unencodable_result(const std::string& callback);

}  // namespace daffi::python
