/// @file  From Python objects to MessagePack.
#include <cstring>

#include "daffi/error.hpp"
#include "errors.hpp"
#include "values.hpp"

namespace daffi::python {
namespace {

PyObject* encoders = nullptr;      // dict: exact type -> function giving (extension type, (buffers…))
PyObject* encode_other = nullptr;  // function(value, foreign) -> (extension type, (buffers…)), or (None, plain value)

std::span<const std::byte> as_bytes(const char* data, Py_ssize_t size) {
  return {reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}

std::byte* at(Writer& writer, std::size_t position) { return writer.buffer().data() + writer.headroom() + position; }

// An extension around what `write` writes, whose length is only known afterwards. False as `write` says it.
template <typename Write>
bool write_inside(Writer& writer, ExtType type, Write&& write) {
  constexpr std::size_t kShortHead = 3, kLongHead = 6;
  const std::size_t start = writer.size();
  writer.extend(kShortHead);
  if (!write()) return false;
  const std::size_t length = writer.size() - start - kShortHead;
  const auto code = static_cast<std::byte>(type);
  if (length < 256) {
    std::byte* head = at(writer, start);
    head[0] = std::byte{0xc7};
    head[1] = static_cast<std::byte>(length);
    head[2] = code;
    return true;
  }
  writer.extend(kLongHead - kShortHead);
  std::byte* head = at(writer, start);
  std::memmove(head + kLongHead, head + kShortHead, length);
  head[0] = std::byte{0xc9};
  for (int i = 0; i < 4; ++i) head[1 + i] = static_cast<std::byte>(length >> (24 - 8 * i));
  head[5] = code;
  return true;
}

// False: it has surrogates of their own (a file's name that is no UTF-8, say), which no text on the wire can hold.
bool write_text(Writer& writer, PyObject* text) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(text, &size);
  if (data == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) throw PythonError();
    PyErr_Clear();
    return false;
  }
  writer.text({data, static_cast<std::size_t>(size)});
  return true;
}

void write_large_integer(Writer& writer, PyObject* value) {
  const Owned bits(PyObject_CallMethod(value, "bit_length", nullptr));
  const Py_ssize_t length = bits ? PyLong_AsSsize_t(bits.get()) / 8 + 1 : -1;
  if (length < 0) throw PythonError();
  const Owned to_bytes(PyObject_GetAttrString(value, "to_bytes"));
  const Owned arguments(Py_BuildValue("(ns)", length, "big"));
  const Owned keywords(Py_BuildValue("{sO}", "signed", Py_True));
  if (!to_bytes || !arguments || !keywords) throw PythonError();
  const Owned bytes(PyObject_Call(to_bytes.get(), arguments.get(), keywords.get()));
  if (!bytes) throw PythonError();
  writer.ext(static_cast<std::int8_t>(ExtType::large_integer),
             as_bytes(PyBytes_AS_STRING(bytes.get()), PyBytes_GET_SIZE(bytes.get())));
}

void write_integer(Writer& writer, PyObject* value) {
  int overflow = 0;
  const long long small = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow == 0) {
    if (small == -1 && PyErr_Occurred()) throw PythonError();
    return writer.integer(small);
  }
  if (overflow > 0) {
    const unsigned long long large = PyLong_AsUnsignedLongLong(value);
    if (large != static_cast<unsigned long long>(-1) || !PyErr_Occurred()) return writer.unsigned_integer(large);
    PyErr_Clear();
  }
  write_large_integer(writer, value);
}

bool encode(Writer& writer, PyObject* value);

bool write_items(Writer& writer, PyObject* iterable, Py_ssize_t count) {
  const Writer::Nested nested(writer);
  writer.array(static_cast<std::size_t>(count));
  const Owned iterator(PyObject_GetIter(iterable));
  if (!iterator) throw PythonError();
  Py_ssize_t written = 0;
  while (const Owned item{PyIter_Next(iterator.get())}) {
    if (++written > count || !encode(writer, item.get())) return false;
  }
  if (PyErr_Occurred()) throw PythonError();
  return written == count;
}

bool write_list(Writer& writer, PyObject* list) {
  const Writer::Nested nested(writer);
  const Py_ssize_t count = PyList_GET_SIZE(list);
  writer.array(static_cast<std::size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    // Encoding an item may run Python code, and other threads may change the list.
    if (i >= PyList_GET_SIZE(list)) return false;
    PyObject* const item = PyList_GET_ITEM(list, i);
    Py_INCREF(item);
    const Owned held(item);
    if (!encode(writer, item)) return false;
  }
  return true;
}

bool write_tuple(Writer& writer, PyObject* tuple) {
  return write_inside(writer, ExtType::tuple, [&] {
    const Writer::Nested nested(writer);
    const Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    writer.array(static_cast<std::size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i) {
      if (!encode(writer, PyTuple_GET_ITEM(tuple, i))) return false;
    }
    return true;
  });
}

bool write_dict(Writer& writer, PyObject* dict) {
  const Writer::Nested nested(writer);
  const Py_ssize_t count = PyDict_GET_SIZE(dict);
  writer.map(static_cast<std::size_t>(count));
  Py_ssize_t position = 0, written = 0;
  PyObject *key, *item;
  while (PyDict_Next(dict, &position, &key, &item)) {
    Py_INCREF(key);
    Py_INCREF(item);
    const Owned held_key(key), held_item(item);
    if (++written > count || !encode(writer, key) || !encode(writer, item)) return false;
  }
  return written == count;
}

// (extension type, (buffers…)): the buffers one after the other are its payload.
void write_ext(Writer& writer, PyObject* answer) {
  const long code = PyLong_AsLong(PyTuple_GET_ITEM(answer, 0));
  const Owned parts(PySequence_Fast(PyTuple_GET_ITEM(answer, 1), "buffers expected"));
  if (!parts || (code == -1 && PyErr_Occurred())) throw PythonError();
  write_inside(writer, static_cast<ExtType>(code), [&] {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(parts.get()); ++i) {
      Py_buffer view;
      if (PyObject_GetBuffer(PySequence_Fast_GET_ITEM(parts.get(), i), &view, PyBUF_SIMPLE) != 0) throw PythonError();
      writer.raw(as_bytes(static_cast<const char*>(view.buf), view.len));
      PyBuffer_Release(&view);
    }
    return true;
  });
}

bool is_pickle(PyObject* answer) {
  return PyLong_AsLong(PyTuple_GET_ITEM(answer, 0)) == static_cast<long>(ExtType::pickle);
}

// True: written. False: neither plain data nor one of the types with a form of their own.
bool encode(Writer& writer, PyObject* value) {
  PyTypeObject* const type = Py_TYPE(value);
  if (value == Py_None) return writer.nil(), true;
  if (type == &PyUnicode_Type) return write_text(writer, value);
  if (type == &PyLong_Type) return write_integer(writer, value), true;
  if (type == &PyBool_Type) return writer.boolean(value == Py_True), true;
  if (type == &PyFloat_Type) return writer.real(PyFloat_AS_DOUBLE(value)), true;
  if (type == &PyList_Type) return write_list(writer, value);
  if (type == &PyDict_Type) return write_dict(writer, value);
  if (type == &PyTuple_Type) return write_tuple(writer, value);
  if (type == &PyBytes_Type) return writer.binary(as_bytes(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))), true;
  if (type == &PyByteArray_Type) {
    const auto bytes = as_bytes(PyByteArray_AS_STRING(value), PyByteArray_GET_SIZE(value));
    return writer.ext(static_cast<std::int8_t>(ExtType::bytearray), bytes), true;
  }
  if (type == &PySet_Type)
    return write_inside(writer, ExtType::set, [&] { return write_items(writer, value, PySet_GET_SIZE(value)); });
  if (type == &PyFrozenSet_Type)
    return write_inside(writer, ExtType::frozenset, [&] { return write_items(writer, value, PySet_GET_SIZE(value)); });
  PyObject* encoder = PyDict_GetItemWithError(encoders, reinterpret_cast<PyObject*>(type));
  if (encoder == nullptr) {
    if (PyErr_Occurred()) throw PythonError();
    return false;
  }
  const Owned answer(PyObject_CallOneArg(encoder, value));
  if (!answer) throw PythonError();
  if (answer.get() == Py_None) return false;
  write_ext(writer, answer.get());
  return true;
}

// False also for what nests too deep: a value that contains itself does.
bool try_encode(Writer& writer, PyObject* value) {
  const std::size_t start = writer.size();
  try {
    if (encode(writer, value)) return true;
  } catch (const Error&) {
    // too deep
  }
  writer.truncate(start);
  return false;
}

}  // namespace

void set_encoders(PyObject* table, PyObject* other) {
  Py_INCREF(table);
  Py_INCREF(other);
  encoders = table;
  encode_other = other;
}

void write_value(Writer& writer, PyObject* value, const Destination& to, const char* what) {
  try {
    if (try_encode(writer, value)) return;
    const bool foreign = to.foreign && to.foreign();
    const Owned answer(PyObject_CallFunction(encode_other, "Oi", value, foreign ? 1 : 0));
    if (!answer) throw PythonError();
    if (PyTuple_GET_ITEM(answer.get(), 0) != Py_None) {
      if (to.permit_code && is_pickle(answer.get())) to.permit_code();
      return write_ext(writer, answer.get());
    }
    if (try_encode(writer, PyTuple_GET_ITEM(answer.get(), 1))) return;
    PyErr_Format(PyExc_TypeError, "a value of type %s has no form that other languages read", Py_TYPE(value)->tp_name);
    throw PythonError();
  } catch (const CodeRefused&) {
    throw;
  } catch (const PythonError&) {
    raise_unencodable(value, what);
  }
}

namespace {
constexpr const char* kPlaces[] = {"argument 1", "argument 2", "argument 3", "argument 4", "argument 5",
                                   "argument 6", "argument 7", "argument 8", "argument 9"};
}

// False: it is not large, or of another type.
static bool lend_bytes(Writer& writer, PyObject* value) {
  if (!PyBytes_CheckExact(value) || PyBytes_GET_SIZE(value) < static_cast<Py_ssize_t>(Writer::lent_from)) return false;
  writer.lend_binary(as_bytes(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)));
  return true;
}

void write_arguments(Writer& writer, PyObject* positional, PyObject* keywords, const Destination& to, bool lend) {
  const Py_ssize_t count = PyTuple_GET_SIZE(positional);
  writer.array(static_cast<std::size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* const value = PyTuple_GET_ITEM(positional, i);
    if (lend && lend_bytes(writer, value)) continue;
    write_value(writer, value, to, i < 9 ? kPlaces[i] : "an argument");
  }
  if (keywords == nullptr) return writer.map(0);
  writer.map(static_cast<std::size_t>(PyDict_GET_SIZE(keywords)));
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(keywords, &position, &key, &value)) {
    Py_ssize_t size = 0;
    const char* name = PyUnicode_AsUTF8AndSize(key, &size);
    if (name == nullptr || !write_text(writer, key)) throw PythonError();
    write_value(writer, value, to, name);
  }
}

}  // namespace daffi::python
