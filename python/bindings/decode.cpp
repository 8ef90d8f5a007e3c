/// @file  From MessagePack to Python objects.
#include "errors.hpp"
#include "values.hpp"

namespace daffi::python {
namespace {

PyObject* decoders = nullptr;       // dict: extension type -> function(bytes)
PyObject* decode_pickle = nullptr;  // function(bytearray)

/// One value being read. Lists and maps nest at most max_depth deep, inside of extensions too.
class Decoder {
 public:
  explicit Decoder(const Origin& from) : from_(from) {}

  PyObject* value(Reader& reader) {
    switch (reader.peek_format()) {
      case Kind::nil:
        reader.read_nil();
        Py_RETURN_NONE;
      case Kind::boolean: {
        bool flag = false;
        reader.read_boolean(flag);
        return PyBool_FromLong(flag);
      }
      case Kind::integer:
        return integer(reader);
      case Kind::real: {
        double number = 0;
        check(reader, reader.read_real(number));
        return made(PyFloat_FromDouble(number));
      }
      case Kind::text: {
        std::string_view text;
        check(reader, reader.read_text(text));
        return made(PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
      }
      case Kind::binary: {
        std::span<const std::byte> bytes;
        check(reader, reader.read_binary(bytes));
        return made(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<Py_ssize_t>(bytes.size())));
      }
      case Kind::array:
        return list(reader);
      case Kind::map:
        return dict(reader);
      case Kind::ext:
        return extension(reader);
      default:
        reader.fail_malformed("a value is missing");
        refuse(reader);
    }
  }

  PyObject* tuple(Reader& reader) {
    const std::size_t count = open(reader);
    Owned items(made(PyTuple_New(static_cast<Py_ssize_t>(count))));
    for (std::size_t i = 0; i < count; ++i) PyTuple_SET_ITEM(items.get(), static_cast<Py_ssize_t>(i), value(reader));
    --depth_;
    return items.release();
  }

  PyObject* dict(Reader& reader) {
    std::size_t count = 0;
    check(reader, reader.read_map(count));
    enter(reader);
    Owned dict(made(PyDict_New()));
    for (; count > 0; --count) {
      const Owned key(value(reader));
      const Owned item(value(reader));
      const Py_ssize_t before = PyDict_GET_SIZE(dict.get());
      if (PyDict_SetItem(dict.get(), key.get(), item.get()) != 0) blame();
      if (PyDict_GET_SIZE(dict.get()) != before) continue;
      reader.fail_malformed("a map has a key twice");
      refuse(reader);
    }
    --depth_;
    return dict.release();
  }

 private:
  [[noreturn]] static void refuse(const Reader& reader) {
    raise_protocol_error(reader.error());
    throw PythonError();
  }
  // Python has seen that it is none: an element that cannot be hashed, a date that there is not.
  [[noreturn]] static void blame() {
    blame_bytes();
    throw PythonError();
  }
  static PyObject* sound(PyObject* object) {
    if (object == nullptr) blame();
    return object;
  }
  static void check(const Reader& reader, bool good) {
    if (!good) refuse(reader);
  }
  static PyObject* made(PyObject* object) {
    if (object == nullptr) throw PythonError();
    return object;
  }
  void enter(Reader& reader) {
    if (++depth_ > max_depth) {
      reader.fail_malformed("nested too deep");
      refuse(reader);
    }
  }
  std::size_t open(Reader& reader) {
    std::size_t count = 0;
    check(reader, reader.read_array(count));
    enter(reader);
    return count;
  }

  static PyObject* integer(Reader& reader) {
    std::int64_t number = 0;
    std::uint64_t large = 0;
    std::span<const std::byte> bytes;
    check(reader, reader.read_raw(bytes));
    if (Reader(bytes).read_integer(number)) return made(PyLong_FromLongLong(number));
    check(reader, Reader(bytes).read_unsigned(large));
    return made(PyLong_FromUnsignedLongLong(large));
  }

  PyObject* list(Reader& reader) {
    const std::size_t count = open(reader);
    Owned items(made(PyList_New(static_cast<Py_ssize_t>(count))));
    for (std::size_t i = 0; i < count; ++i) PyList_SET_ITEM(items.get(), static_cast<Py_ssize_t>(i), value(reader));
    --depth_;
    return items.release();
  }

  PyObject* extension(Reader& reader) {
    std::int8_t type = 0;
    std::span<const std::byte> bytes;
    check(reader, reader.read_ext(type, bytes));
    const auto* data = reinterpret_cast<const char*>(bytes.data());
    const auto size = static_cast<Py_ssize_t>(bytes.size());
    switch (static_cast<ExtType>(type)) {
      case ExtType::tuple: {
        Reader inner(bytes);
        return all_of(inner);
      }
      case ExtType::set:
      case ExtType::frozenset: {
        Reader inner(bytes);
        const Owned items(all_of(inner));
        return sound(type == static_cast<std::int8_t>(ExtType::set) ? PySet_New(items.get())
                                                                    : PyFrozenSet_New(items.get()));
      }
      case ExtType::bytearray:
        return made(PyByteArray_FromStringAndSize(data, size));
      case ExtType::pickle: {
        if (from_.permit_code) from_.permit_code();
        const Owned copy(made(PyByteArray_FromStringAndSize(data, size)));
        return made(PyObject_CallOneArg(decode_pickle, copy.get()));
      }
      default:
        return by_table(type, data, size);
    }
  }

  PyObject* all_of(Reader& reader) {
    Owned items(tuple(reader));
    check(reader, reader.expect_end());
    return items.release();
  }

  static PyObject* by_table(std::int8_t type, const char* data, Py_ssize_t size) {
    const Owned code(made(PyLong_FromLong(type)));
    PyObject* decoder = PyDict_GetItemWithError(decoders, code.get());
    if (decoder == nullptr) {
      if (!PyErr_Occurred()) raise_protocol_error("extension type " + std::to_string(type) + " is unknown here");
      throw PythonError();
    }
    const Owned bytes(made(PyBytes_FromStringAndSize(data, size)));
    return sound(PyObject_CallOneArg(decoder, bytes.get()));
  }

  const Origin& from_;
  unsigned depth_ = 0;
};

}  // namespace

void set_decoders(PyObject* table, PyObject* pickle) {
  Py_INCREF(table);
  Py_INCREF(pickle);
  decoders = table;
  decode_pickle = pickle;
}

PyObject* read_value(Reader& reader, const Origin& from) { return Decoder(from).value(reader); }

void read_arguments(Reader& reader, const Origin& from, Owned& positional, Owned& keywords) {
  Decoder decoder(from);
  positional = Owned(decoder.tuple(reader));
  keywords = Owned(decoder.dict(reader));
  if (!reader.expect_end()) {
    raise_protocol_error(reader.error());
    throw PythonError();
  }
  if (PyDict_GET_SIZE(keywords.get()) == 0) keywords = Owned();
}

}  // namespace daffi::python
