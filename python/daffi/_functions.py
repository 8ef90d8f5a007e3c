"""Functions as callbacks and as fetchers: what the decorators make of them."""

import functools
import inspect

from . import _calling, _current, _registered, exceptions
from ._bodies import has_body
from ._current import current
from .modifiers import BG, FG, Modifier, as_modifier


def check_function(function, what):
    """Refuses what has no name of its own to be called by."""
    if inspect.isclass(function):
        raise exceptions.InitializationError(f"{what} decorates functions, {function.__name__!r} is a class")
    if not callable(function):
        raise exceptions.InitializationError(f"{what} decorates functions, not {type(function).__name__}")
    if getattr(function, "__name__", "") == "<lambda>":
        raise exceptions.InitializationError(f"{what} decorates functions with a name: a lambda has none")


def check_alias(name):
    """An alias is text."""
    if not isinstance(name, str):
        raise ValueError("Alias must be string.")
    return name


class CallbackFunction:
    """A function that other processes may call. Called here it is just the function."""

    def __init__(self, function, name=None):
        check_function(function, "callback")
        functools.update_wrapper(self, function)
        self.wrapped = function
        self._handler = None
        self._register(name or getattr(function, "__daffi_alias__", None) or function.__name__)

    def _register(self, name):
        handler = _registered.make_handler(name, self.wrapped)
        if self._handler is not None:
            _registered.unregister(self._handler)
        self._handler = handler
        _registered.register(handler)

    def __call__(self, *args, **kwargs):
        return self.wrapped(*args, **kwargs)

    @property
    def g(self):
        """The Global of this process; None before there is one."""
        return current()

    @property
    def alias(self):
        """The name that others call it by."""
        return self._handler.name

    @alias.setter
    def alias(self, name):
        self._register(check_alias(name))

    def __reduce__(self):
        return self.__qualname__

    def __repr__(self):
        return f"<callback {self.alias!r}>"


class FetcherFunction:
    """A function that stands for a callback of other processes; calling it calls that."""

    def __init__(self, function, exec_modifier=None, name=None, instance=None, proxy=False, owner=None):
        functools.update_wrapper(self, function)
        self.wrapped = function
        self._instance = instance
        self._owner = instance if owner is None else owner  # has the exec_modifier of all its methods
        self._name = name or getattr(function, "__daffi_alias__", None) or function.__name__
        self._modifier = None if exec_modifier is None else as_modifier(exec_modifier)
        self._kind = _registered.kind_of(function)
        self._set_proxy(proxy)

    def _set_proxy(self, proxy):
        self._body = None
        if proxy:
            self._kind = _registered.COROUTINE if self._kind == _registered.COROUTINE else _registered.FUNCTION
        elif self._kind in (_registered.FUNCTION, _registered.COROUTINE) and has_body(self.wrapped):
            self._body = self.wrapped
        self._is_plain = self._kind == _registered.FUNCTION and self._body is None

    @property
    def g(self):
        """The Global of this process; None before there is one."""
        return current()

    @property
    def alias(self):
        """The name of the callback."""
        return self._name

    @alias.setter
    def alias(self, name):
        self._name = check_alias(name)

    @property
    def exec_modifier(self):
        """How calls are made that do not say it themselves."""
        if self._modifier is not None:
            return self._modifier
        return as_modifier(getattr(self._owner, "exec_modifier", None), FG)

    @exec_modifier.setter
    def exec_modifier(self, modifier):
        self._modifier = as_modifier(modifier)

    def __call__(self, *args, **kwargs):
        modifier = self._modifier
        if self._is_plain and type(modifier) is BG:
            # The short way for those that make very many calls.
            core = _current.core or self._core()
            return core.start_call(self._name, args, kwargs, modifier._spec or modifier.spec())
        return self._run(modifier or self.exec_modifier, args, kwargs)

    def call(self, *args, exec_modifier=None, **kwargs):
        """Calls it by another modifier."""
        if exec_modifier is None:
            modifier = self.exec_modifier
        else:
            modifier = exec_modifier if isinstance(exec_modifier, Modifier) else as_modifier(exec_modifier)
        return self._run(modifier, args, kwargs)

    def _core(self):
        owner = current()
        if owner is None:
            raise exceptions.GlobalContextError(
                f"there is no Global yet: make one before {self._name!r} is called"
            )
        return owner._live_core()

    def _run(self, modifier, args, kwargs):
        if self._kind != _registered.FUNCTION:
            return self._run_other(modifier, args, kwargs)
        core = self._core()
        if self._body is not None:
            args, kwargs = _calling.as_arguments(self._called(args, kwargs))
        return _calling.call(core, self._name, args, kwargs, modifier)

    def _run_other(self, modifier, args, kwargs):
        if self._kind == _registered.COROUTINE:
            return self._run_async(modifier, args, kwargs)
        if self._kind == _registered.ASYNC_GENERATOR:
            return self._stream_async(modifier, args, kwargs)
        core = self._core()
        if type(modifier) is FG:
            _calling.warn_if_in_loop(self._name)
        return _calling.stream_to(core, self._name, self._called(args, kwargs), modifier)

    async def _run_async(self, modifier, args, kwargs):
        core = self._core()
        if self._body is not None:
            args, kwargs = _calling.as_arguments(await self._called(args, kwargs))
        return await _calling.call_async(core, self._name, args, kwargs, modifier)

    def _called(self, args, kwargs):
        if self._instance is None:
            return self.wrapped(*args, **kwargs)
        return self.wrapped(self._instance, *args, **kwargs)

    async def _stream_async(self, modifier, args, kwargs):
        generator = self._called(args, kwargs)
        begun = _calling.stream_to(self._core(), self._name, generator, modifier, asynchronous=True)
        return await begun.get_async() if type(modifier) is FG else begun

    def __get__(self, instance, owner=None):
        # A Fetcher class makes methods of those written in it; anywhere else it is a function that happens to be there.
        return self

    def __repr__(self):
        return f"<fetcher of {self._name!r}>"
