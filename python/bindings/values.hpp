/// @file  Python objects to MessagePack and back, without a tree in between. DESIGN: values; spec/values.md.
#pragma once

#include <Python.h>

#include <functional>
#include <string>

#include "daffi/reader.hpp"
#include "daffi/writer.hpp"
#include "gil.hpp"

namespace daffi::python {

/// A Python exception is set. Thrown from conversions, turned into the language's own at the boundary.
struct PythonError {};
/// The same, where the value is well and the permission is missing.
struct CodeRefused : PythonError {};

/// Whoever a value goes to, as far as the choice of its encoding needs it. Lives as long as the call of write_value.
struct Destination {
  std::function<bool()> foreign;      ///< it may be read by another language than Python
  std::function<void()> permit_code;  ///< throws when the receiver is known to refuse a pickle
};

/// Whoever a value came from. `permit_code` throws (PythonError) when unpickling on its word is not allowed here.
struct Origin {
  std::function<void()> permit_code;
};

/// Give the functions of daffi._values that handle what is neither plain nor worth C++. Need the GIL.
void set_encoders(PyObject* table, PyObject* encode_other);
void set_decoders(PyObject* table, PyObject* decode_pickle);

/// Writes one value: plain types as data, anything else as one pickle. `what` names it in errors ("argument 1").
/// Throws PythonError. Needs the GIL.
void write_value(Writer& writer, PyObject* value, const Destination& to, const char* what);
/// Writes positional and keyword arguments (`keywords` may be null). `lend`: large positional bytes are only referred
/// to, as Writer::lend_binary() says; for a caller that waits and holds them meanwhile.
void write_arguments(Writer& writer, PyObject* positional, PyObject* keywords, const Destination& to,
                     bool lend = false);

/// Reads one value. Throws PythonError (ProtocolError for bytes that are no value). Needs the GIL.
PyObject* read_value(Reader& reader, const Origin& from);
/// Reads what write_arguments wrote: a tuple, and a dict or null.
void read_arguments(Reader& reader, const Origin& from, Owned& positional, Owned& keywords);

}  // namespace daffi::python
