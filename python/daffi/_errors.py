"""Errors on their way between processes and languages."""

import builtins
import sys
import traceback

from . import _core, exceptions

_CLASSES = {"Error": exceptions.DaffiError}

# code: (class, may have run, retryable)
_KINDS = {
    code: (_CLASSES.get(name) or getattr(exceptions, name), may_have_run, retryable)
    for code, name, may_have_run, retryable in _core.error_rows()
}

REMOTE_ERROR = 10
_MAX_DATA = 64 * 1024


class RemoteException(Exception):
    """Stands for an exception whose own type is not imported here: its name, text and traceback are kept."""

    def __init__(self, type_name="", text="", trace="", language=""):
        super().__init__(text)
        self.type_name = type_name
        self.trace = trace
        self.language = language

    def __str__(self):
        return f"{self.type_name}: {self.args[0]}" if self.type_name else str(self.args[0])

    def __reduce__(self):
        return type(self), (self.type_name, self.args[0], self.trace, self.language)


def add_note(exception, text):
    """``exception.add_note(text)``, also before Python 3.11."""
    if hasattr(exception, "add_note"):
        exception.add_note(text)
    else:
        exception.__notes__ = [*getattr(exception, "__notes__", ()), text]


def make(code, message):
    """The exception of one row of the table."""
    kind, may_have_run, retryable = _KINDS.get(code, (exceptions.DaffiError, True, False))
    error = kind(message)
    error.code = code
    error.may_have_run = may_have_run
    error.retryable = retryable
    return error


def from_core(code, message, remote):
    """What the core reports, as an exception with the remote one as its cause."""
    error = make(code, message)
    if remote is not None:
        type_name, text, trace, language, process, data = remote
        error.__cause__ = revive(type_name, text, trace, language, data)
        error.__suppress_context__ = True
        if trace:
            where = f" in process {process}" if process else ""
            add_note(error, f"Remote traceback{where}:\n{trace.rstrip()}")
    return error


def revive(type_name, text, trace, language, data):
    """The exception as its own type where that is imported already, else a stand-in."""
    kind = _imported_type(type_name) if language == "python" else None
    if kind is not None:
        try:
            args, state = _core.decode(data) if data else ((text,), {})
            # An OSError takes its file names out of its arguments, where __new__ runs.
            exception = kind(*args) if issubclass(kind, OSError) else kind.__new__(kind, *args)
            if not issubclass(kind, OSError):
                exception.args = tuple(args)
            if state:
                exception.__dict__.update(state)
            return exception
        except builtins.Exception:  # whatever its own code does, there is still the stand-in
            pass
    return RemoteException(type_name, text, trace, language)


def _imported_type(type_name):
    # Importing on a peer's word would run code, so only what is there already is looked at.
    module_name, _, qualname = type_name.rpartition(":")
    module = sys.modules.get(module_name or "builtins")
    kind = module
    for part in qualname.split("."):
        kind = getattr(kind, "__dict__", {}).get(part)
        if kind is None:
            return None
    if isinstance(kind, type) and issubclass(kind, builtins.BaseException):
        return kind
    return None


def describe(exception):
    """An exception for its caller elsewhere: (type, text, traceback, encoded arguments, code)."""
    if isinstance(exception, (exceptions.NotPermittedError, exceptions.ProtocolError)) and exception.code in (25, 32):
        return "", str(exception), "", b"", exception.code
    kind = type(exception)
    type_name = f"{kind.__module__}:{kind.__qualname__}"
    try:
        text = str(exception)
    except builtins.Exception:
        text = "the exception's own text cannot be made"
    trace = "".join(traceback.format_exception(kind, exception, _without_ours(exception.__traceback__)))
    return type_name, text or kind.__name__, trace, _encoded(exception), REMOTE_ERROR


def _without_ours(trace):
    here = __file__.rpartition("/")[0]
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(here) and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _encoded(exception):
    from . import _values

    args, state = exception.args, dict(vars(exception))
    if isinstance(exception, OSError) and len(args) == 2 and exception.filename is not None:
        args = (*args, exception.filename)
        if exception.filename2 is not None:
            args = (*args, None, exception.filename2)
    for parts in ((args, state), (args, {})):
        try:
            with _values.plain_only():
                data = _core.encode((tuple(parts[0]), parts[1]))
            if len(data) <= _MAX_DATA:
                return data
        except builtins.Exception:  # arguments that are no plain data stay here; the text goes
            continue
    return b""


def unencodable(value, what, cause):
    """The error of a value that cannot be sent, at its sender."""
    reason = f"{type(cause).__name__}: {cause}" if cause is not None else "it has no plain form"
    if isinstance(cause, exceptions.NotPermittedError):
        return cause
    error = make(7, f"{what} of type {type(value).__module__}.{type(value).__qualname__} cannot be sent: {reason}")
    error.__cause__ = cause
    return error


_core.set_error_functions(from_core, describe, unencodable)
