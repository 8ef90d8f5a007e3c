/// @file  Errors of the core as Python exceptions, and the other way round.
#include "errors.hpp"

#include "values.hpp"

namespace daffi::python {
namespace {

PyObject* from_core = nullptr;
PyObject* describer = nullptr;
PyObject* unencodable = nullptr;

std::string text_of(PyObject* object) {
  Py_ssize_t size = 0;
  const char* data = object != nullptr ? PyUnicode_AsUTF8AndSize(object, &size) : nullptr;
  if (data == nullptr) {
    PyErr_Clear();
    return "?";
  }
  return {data, static_cast<std::size_t>(size)};
}

PyObject* decoded(const std::string& text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

// (type, message, trace, language, process, data), or None.
Owned remote_tuple(const RemoteException* remote) {
  if (remote == nullptr) {
    Py_INCREF(Py_None);
    return Owned(Py_None);
  }
  const Owned type(decoded(remote->type)), message(decoded(remote->message)), trace(decoded(remote->trace)),
      language(decoded(remote->language)), process(decoded(remote->process));
  return Owned(Py_BuildValue("(OOOOOy#)", type.get(), message.get(), trace.get(), language.get(), process.get(),
                             remote->data.data(), static_cast<Py_ssize_t>(remote->data.size())));
}

}  // namespace

void set_error_functions(PyObject* from, PyObject* describe_it, PyObject* unencodable_value) {
  for (PyObject* each : {from, describe_it, unencodable_value}) Py_INCREF(each);
  from_core = from;
  describer = describe_it;
  unencodable = unencodable_value;
}

Owned to_exception(const Error& error) {
  const Owned message(decoded(error.message()));
  const Owned remote = remote_tuple(error.remote());
  if (!message || !remote) return Owned();
  return Owned(PyObject_CallFunction(from_core, "iOO", static_cast<int>(error.code()), message.get(), remote.get()));
}

void set_error(const Error& error) {
  const Owned exception = to_exception(error);
  if (exception) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
}

void raise_protocol_error(const std::string& text) { set_error(ProtocolError(ErrorCode::malformed, text)); }

void blame_bytes() {
  if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError)) return;
  Owned cause = take_exception();
  auto* const kind = reinterpret_cast<PyObject*>(Py_TYPE(cause.get()));
  if (PyObject_HasAttrString(cause.get(), "may_have_run") != 0) return PyErr_SetObject(kind, cause.get());
  const Owned words(PyObject_Str(cause.get()));
  const char* text = words ? PyUnicode_AsUTF8(words.get()) : nullptr;
  if (text == nullptr) PyErr_Clear();
  raise_protocol_error(std::string("bytes that are no value: ") + (text != nullptr ? text : "?"));
  const Owned error = take_exception();
  if (!error) return PyErr_SetObject(kind, cause.get());
  PyException_SetCause(error.get(), cause.release());
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

void set_may_have_run() {
  const Owned error = take_exception();
  if (!error) return;
  if (PyObject_HasAttrString(error.get(), "may_have_run") != 0) {
    if (PyObject_SetAttrString(error.get(), "may_have_run", Py_True) != 0) PyErr_Clear();
  }
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

void raise_unencodable(PyObject* value, const char* what) {
  const Owned cause = take_exception();
  const Owned exception(PyObject_CallFunction(unencodable, "OsO", value, what, cause ? cause.get() : Py_None));
  if (exception) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
  throw PythonError();
}

Owned take_exception() {
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  if (type == nullptr) return Owned();
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace != nullptr) PyException_SetTraceback(value, trace);
  Py_XDECREF(trace);
  Py_DECREF(type);
  return Owned(value);
}

detail::HandlerFailure describe(PyObject* exception) {
  detail::HandlerFailure failure;
  RemoteException account;
  account.language = "python";
  const Owned words(PyObject_CallOneArg(describer, exception));
  if (words && PyTuple_Check(words.get()) && PyTuple_GET_SIZE(words.get()) == 5) {
    account.type = text_of(PyTuple_GET_ITEM(words.get(), 0));
    account.message = text_of(PyTuple_GET_ITEM(words.get(), 1));
    account.trace = text_of(PyTuple_GET_ITEM(words.get(), 2));
    PyObject* data = PyTuple_GET_ITEM(words.get(), 3);
    if (PyBytes_Check(data)) account.data.assign(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data));
    failure.code = static_cast<ErrorCode>(PyLong_AsLong(PyTuple_GET_ITEM(words.get(), 4)));
  } else {
    PyErr_Clear();
    account.type = Py_TYPE(exception)->tp_name;
    account.message = "the exception cannot be described";
  }
  failure.message = account.message;
  if (failure.code == ErrorCode::remote_error)
    failure.remote = std::make_shared<const RemoteException>(std::move(account));
  return failure;
}

detail::HandlerFailure describe_unencodable_result(const std::string& callback) {
  const Owned exception = take_exception();
  const Owned text(exception ? PyObject_Str(exception.get()) : nullptr);
  detail::HandlerFailure failure;
  failure.code = ErrorCode::unencodable_result;
  failure.message = "the result of '" + callback + "' cannot be encoded: " + text_of(text.get());
  return failure;
}

}  // namespace daffi::python
