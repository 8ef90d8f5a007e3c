"""The callbacks of this process: one table, served by every Global of it."""

import inspect
import threading

from . import _core, exceptions

FUNCTION, COROUTINE, GENERATOR, ASYNC_GENERATOR = range(4)

_lock = threading.RLock()
_handlers: dict = {}
_cores: dict = {}


def kind_of(function):
    """What a call of it gives: a value, a coroutine, a generator, or an asynchronous one."""
    plain = inspect.unwrap(function) if callable(function) else function
    plain = getattr(plain, "__func__", plain)
    for candidate in (function, plain, getattr(type(function), "__call__", None)):
        if inspect.isasyncgenfunction(candidate):
            return ASYNC_GENERATOR
        if inspect.iscoroutinefunction(candidate):
            return COROUTINE
        if inspect.isgeneratorfunction(candidate):
            return GENERATOR
    return FUNCTION


_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: 4,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: 0,
    inspect.Parameter.VAR_POSITIONAL: 1,
    inspect.Parameter.KEYWORD_ONLY: 2,
    inspect.Parameter.VAR_KEYWORD: 3,
}


def _type_text(annotation):
    if annotation is inspect.Parameter.empty:
        return ""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", None)
    if text is None or getattr(annotation, "__args__", None):
        text = str(annotation)
    return text.replace("typing.", "")[:200]


def describe(function, skip_first=False):
    """Parameters, result type and documentation of a function, as the directory shows them."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return [("args", "", None, 1), ("kwargs", "", None, 3)], ""
    parameters = []
    for parameter in list(signature.parameters.values())[1 if skip_first else 0 :]:
        default = None
        if parameter.default is not inspect.Parameter.empty:
            try:
                default = repr(parameter.default)[:200]
            except Exception:
                default = "..."
        parameters.append((parameter.name, _type_text(parameter.annotation), default, _KINDS[parameter.kind]))
    return parameters, _type_text(signature.return_annotation)


def make_handler(name, function, described=None, skip_first=False, kind=None):
    """A handler of the core for a function. ``described``: whose signature and documentation are shown instead."""
    shown = described if described is not None else function
    parameters, returns = describe(shown, skip_first)
    kind = kind_of(shown) if kind is None else kind
    yields = kind in (GENERATOR, ASYNC_GENERATOR)
    documentation = inspect.getdoc(shown) or ""
    callers = getattr(inspect.unwrap(shown), "__daffi_callers__", [])
    return _core.Handler(name, function, kind, parameters, "" if yields else returns, yields, documentation, callers)


def register(handler):
    """Offers it under its name, from now on, by every Global there is or will be; the last one of a name wins."""
    with _lock:
        _handlers[handler.name] = handler
        cores = list(_cores)
        for core in cores:
            _add(core, handler)


def unregister(handler):
    """Takes it out again, if it is what its name stands for."""
    with _lock:
        if _handlers.get(handler.name) is not handler:
            return
        del _handlers[handler.name]
        numbers = [(core, ids.pop(handler.name, None)) for core, ids in _cores.items()]
    for core, number in numbers:
        if number is not None:
            try:
                core.remove(number)
            except exceptions.GlobalContextError:
                pass  # it was stopped meanwhile


def _add(core, handler):
    try:
        _cores[core][handler.name] = core.add(handler)
    except (exceptions.GlobalContextError, exceptions.InitializationError):
        pass  # stopped meanwhile, or it runs no node


def start(core, options):
    """Starts a core with all that is registered."""
    with _lock:
        handlers = list(_handlers.values())
    core.start(options, handlers)
    with _lock:
        _cores[core] = {}
        for handler in _handlers.values():
            if handler not in handlers:
                _add(core, handler)


def stopped(core):
    """Nothing more is registered there."""
    with _lock:
        _cores.pop(core, None)


def has_any():
    """Whether this process offers anything."""
    return bool(_handlers)


def forget_cores():
    """After a fork."""
    _cores.clear()
