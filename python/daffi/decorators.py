"""Decorators that make callbacks and fetchers of functions. Documentation: 2.1 to 2.5, 7.2, 7.3."""

from . import exceptions
from ._bodies import __body_unknown__
from ._functions import CallbackFunction, FetcherFunction, check_alias, check_function
from .modifiers import Modifier

__all__ = ["callback", "fetcher", "alias", "callers", "local", "__body_unknown__"]

body_unknown = __body_unknown__


def callback(function):
    """Offers a function to other processes under its own name, or its alias. It stays callable here."""
    if isinstance(function, CallbackFunction):
        return function
    if isinstance(function, FetcherFunction):
        CallbackFunction(function.wrapped, function.alias)
        function._set_proxy(True)
        return function
    return CallbackFunction(function)


def fetcher(function=None, exec_modifier=None):
    """Makes a function stand for the callback of that name in other processes.

    Used as ``@fetcher``, ``@fetcher(FG)``, ``@fetcher(BG(timeout=3))`` or ``@fetcher(exec_modifier=BROADCAST)``.
    """
    is_modifier = isinstance(function, Modifier) or (isinstance(function, type) and issubclass(function, Modifier))
    if function is None or is_modifier:
        modifier = function if is_modifier else exec_modifier
        return lambda decorated: fetcher(decorated, modifier)
    if isinstance(function, CallbackFunction):
        return FetcherFunction(function.wrapped, exec_modifier, function.alias, proxy=True)
    if isinstance(function, FetcherFunction):
        return function
    check_function(function, "fetcher")
    return FetcherFunction(function, exec_modifier)


def alias(name):
    """Gives a callback or fetcher another name towards other processes; the original one is not callable then."""
    check_alias(name)

    def rename(function):
        if isinstance(function, (CallbackFunction, FetcherFunction)):
            function.alias = name
        else:
            getattr(function, "__func__", function).__daffi_alias__ = name
        return function

    return rename


def callers(*names):
    """Names who may call a callback: ``"role:operator"``, ``"certificate:console"``; one that fits is enough.

    Stands below ``@callback``, or on a method of a Callback class. Others get NotPermittedError, and do not see it.
    """
    if not names or not all(isinstance(name, str) for name in names):
        raise exceptions.InitializationError("callers takes texts such as 'role:operator', at least one")

    def restrict(function):
        if isinstance(function, (CallbackFunction, FetcherFunction)):
            raise exceptions.InitializationError("@callers stands below @callback: it was open to all until here")
        getattr(function, "__func__", function).__daffi_callers__ = list(names)
        return function

    return restrict


def local(method):
    """Keeps a method of a Callback or Fetcher class to this process."""
    getattr(method, "__func__", method).__daffi_local__ = True
    return method
