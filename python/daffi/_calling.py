"""How a call is made, once its name, arguments and modifier are known."""

from . import _core, _loops, exceptions
from ._errors import make
from ._warning import warn
from .async_result import IterableAsyncResult, ScheduledTask
from .modifiers import BG, BROADCAST, FG, PERIOD, as_modifier

_INVALID, _RESULT_MISMATCH = 6, 12


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


_core.set_args_type(Args)
_warned = False


def warn_if_in_loop(name, core=None):
    """A blocking call on an event loop's own thread stops that loop: said once. To begin a stream does not block."""
    global _warned
    if not _warned and _loops.is_inside_loop() and not (core is not None and core.look_up(name, "")[0]):
        _warned = True
        warn(
            f"calling {name!r} blocks the event loop: make the fetcher `async def` and await it, or use BG and await "
            "the AsyncResult"
        )


def call(core, name, args, kwargs, modifier):
    """Makes a call from plain code."""
    kind = type(modifier)
    if kind is FG:
        if not _warned:
            warn_if_in_loop(name, core)
        return core.call(name, args, kwargs, modifier.spec())
    if kind is BG:
        return background(core, name, args, kwargs, modifier)
    if kind is PERIOD:
        return schedule(core, name, args, kwargs, modifier)
    spec = broadcast_spec(core, name, modifier)
    if not modifier.return_result:
        return core.start_call(name, args, kwargs, spec)
    return core.call(name, args, kwargs, spec)


async def call_async(core, name, args, kwargs, modifier):
    """Makes a call from a coroutine; FG waits for the result without blocking the loop."""
    kind = type(modifier)
    if kind is FG:
        return await result_async(background(core, name, args, kwargs, modifier))
    if kind is BG:
        return background(core, name, args, kwargs, modifier)
    if kind is PERIOD:
        # It waits for the answer of the process that is to keep the task.
        return await _loops.in_thread(schedule, core, name, args, kwargs, modifier)
    pending = core.start_call(name, args, kwargs, broadcast_spec(core, name, modifier))
    return None if pending is None else await pending.get_async()


async def result_async(begun):
    """What a call that was begun gives: its result, or the stream that it is."""
    return begun if type(begun) is IterableAsyncResult else await begun.get_async()


def background(core, name, args, kwargs, modifier):
    """An AsyncResult, the stream of a callback that yields, or None when no result is wanted."""
    return core.start_call(name, args, kwargs, modifier.spec())


def refuse_stream(core, name, modifier):
    """One result each, or at each time, is all that these modifiers can give."""
    if core.look_up(name, getattr(modifier, "receiver", None) or "")[0]:
        raise make(_INVALID, f"{name!r} yields: it can be called by FG and BG, not by {type(modifier).__name__}")


def broadcast_spec(core, name, modifier):
    """How the core is told to broadcast."""
    refuse_stream(core, name, modifier)
    return modifier.spec()


def schedule(core, name, args, kwargs, modifier):
    """A ScheduledTask, once a process has accepted it."""
    refuse_stream(core, name, modifier)
    uuid, process = core.schedule(name, args, kwargs, modifier.spec())
    return ScheduledTask(uuid, name, process, core.cancel_task)


def stream_to(core, name, generator, modifier, asynchronous=False):
    """Each item of the generator is one call; blocks by FG, gives an AsyncResult by BG."""
    if type(modifier) not in (FG, BG):
        raise make(_INVALID, f"the fetcher of {name!r} yields: it can call by FG and BG, not by {type(modifier).__name__}")
    return core.feed(name, generator, modifier.spec(), asynchronous, type(modifier) is FG and not asynchronous)


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
        result = call(self._global._live_core(), self._name, self._args, self._kwargs, modifier)
        if result is NotImplemented:
            # No operator can give that: the interpreter would go on to ask the modifier, and then blame both.
            raise make(
                _RESULT_MISMATCH,
                f"{self._name!r} has run and gave NotImplemented, which no operator can hand on: "
                f"(g.call.{self._name} & FG)(...) gives it, and so does a fetcher",
            )
        return result

    def __repr__(self):
        if self._args is None:
            return f"<call of {self._name!r}, its arguments to come>"
        return f"<call of {self._name!r}, waiting for & FG, BG, PERIOD or BROADCAST>"
