"""How a call is made, once its name, arguments and modifier are known."""

import warnings

from . import _loops, exceptions
from ._errors import make
from .async_result import AsyncResult
from .modifiers import BG, BROADCAST, FG, as_modifier

_INVALID = 6


class Args:
    """Several arguments, positional and keyword, as a fetcher's body returns or yields them."""

    __slots__ = ("args", "kwargs")

    def __init__(self, *args, **kwargs):
        self.args = args
        self.kwargs = kwargs

    def __repr__(self):
        shown = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"Args({', '.join(shown)})"

    def __eq__(self, other):
        return type(other) is Args and (self.args, self.kwargs) == (other.args, other.kwargs)

    __hash__ = None


def as_arguments(returned):
    """What a body returned, as (positional, keyword) arguments."""
    if type(returned) is Args:
        return returned.args, returned.kwargs
    if isinstance(returned, tuple):
        return tuple(returned), None
    if isinstance(returned, Args):
        return returned.args, returned.kwargs
    return (returned,), None


_warned = False


def warn_if_in_loop(name):
    """A blocking call on an event loop's own thread stops that loop: said once."""
    global _warned
    if not _warned and _loops.is_inside_loop():
        _warned = True
        warnings.warn(
            f"calling {name!r} blocks the event loop: make the fetcher `async def` and await it, or use BG and await "
            "the AsyncResult",
            RuntimeWarning,
            stacklevel=4,
        )


def call(core, name, args, kwargs, modifier):
    """Makes a call from plain code."""
    kind = type(modifier)
    if kind is FG:
        if not _warned:
            warn_if_in_loop(name)
        return core.call(name, args, kwargs, modifier.spec())
    if kind is BG:
        return background(core, name, args, kwargs, modifier)
    if kind is BROADCAST:
        spec = modifier.spec()
        if not modifier.return_result:
            return core.start_call(name, args, kwargs, spec)
        return core.call(name, args, kwargs, spec)
    raise unsupported(modifier)


async def call_async(core, name, args, kwargs, modifier):
    """Makes a call from a coroutine; FG waits for the result without blocking the loop."""
    kind = type(modifier)
    if kind is FG:
        return await AsyncResult(core.start_call(name, args, kwargs, modifier.spec())).get_async()
    if kind is BG:
        return background(core, name, args, kwargs, modifier)
    if kind is BROADCAST:
        pending = core.start_call(name, args, kwargs, modifier.spec())
        return None if pending is None else await AsyncResult(pending).get_async()
    raise unsupported(modifier)


def background(core, name, args, kwargs, modifier):
    """An AsyncResult, or None when no result is wanted."""
    pending = core.start_call(name, args, kwargs, modifier.spec())
    return None if pending is None else AsyncResult(pending)


def unsupported(modifier):
    """The error of a modifier that this build of the core cannot carry out."""
    return make(_INVALID, f"{type(modifier).__name__} is not available in this version")


class LazyRemoteCall:
    """``g.call``: its attributes are callbacks by name, ``g.call.add(1, 2) & FG(timeout=3)``."""

    __slots__ = ("_global",)

    def __init__(self, owner):
        self._global = owner

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return LazyCall(self._global, name, None, None)


class LazyCall:
    """A call that waits to be told how it is made; made again by each ``&``."""

    __slots__ = ("_global", "_name", "_args", "_kwargs")

    def __init__(self, owner, name, args, kwargs):
        self._global, self._name, self._args, self._kwargs = owner, name, args, kwargs

    def __call__(self, *args, **kwargs):
        return LazyCall(self._global, self._name, args, kwargs)

    def __and__(self, modifier):
        try:
            modifier = as_modifier(modifier if modifier is not None else 0)
        except exceptions.GlobalContextError:
            raise make(
                _INVALID, f"what follows & must be one of FG, BG, PERIOD, BROADCAST (class or instance), not {modifier!r}"
            ) from None
        if self._args is None:
            return lambda *args, **kwargs: call(self._global._live_core(), self._name, args, kwargs, modifier)
        return call(self._global._live_core(), self._name, self._args, self._kwargs, modifier)

    def __repr__(self):
        if self._args is None:
            return f"<call of {self._name!r}, its arguments to come>"
        return f"<call of {self._name!r}, waiting for & FG, BG, PERIOD or BROADCAST>"


