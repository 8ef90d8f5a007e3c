"""What calls give that do not wait: AsyncResult, and ScheduledTask."""

import threading
import types

from . import _core, _loops
from ._errors import make
from .modifiers import nanoseconds

__all__ = ["AsyncResult", "ScheduledTask", "SchedulerTask", "IterableAsyncResult"]


#: The result of a BG call, now or later. May be asked again, and by several threads; awaitable.
AsyncResult = _core.AsyncResult
AsyncResult.__module__ = __name__


async def _get_async(self, timeout=None):
    """``get`` for coroutines: under asyncio and under trio. Cancelled while it waits, it cancels the call."""
    if not self.ready:
        limit = nanoseconds(timeout, "timeout of get_async()")
        if limit:
            await _loops.wait_at_most(self._on_done, limit)
        else:
            await _loops.wait(self._on_done, self.cancel)
    return self.get(1e-9 if timeout else None)


def _shown(self):
    return f"<AsyncResult of {self.func_name!r}, {'ready' if self.ready else 'under way'}>"


AsyncResult.get_async = _get_async
AsyncResult.__await__ = lambda self: _get_async(self).__await__()
AsyncResult.__repr__ = _shown
AsyncResult.__class_getitem__ = classmethod(types.GenericAlias)  # AsyncResult[int], in annotations


class ScheduledTask:
    """Runs to come of a callback on another process; they outlive this handle."""

    __slots__ = ("_cancel", "uuid", "func_name", "process_name")

    def __init__(self, uuid, func_name, process_name, cancel):
        self.uuid = uuid
        self.func_name = func_name
        self.process_name = process_name
        self._cancel = cancel

    def cancel(self):
        """Ends what is still to come. True, or False when it had ended already."""
        return self._cancel(self.process_name, self.uuid)

    def __repr__(self):
        return f"<ScheduledTask {self.uuid} of {self.func_name!r} on {self.process_name!r}>"


SchedulerTask = ScheduledTask


class IterableAsyncResult:
    """The items of a callback that yields, as they come: iterated once, by ``for`` or ``async for``.

    Leaving early closes it, and that ends the generator at the callee. ``with`` closes it for certain.
    """

    __slots__ = ("_stream", "_used", "func_name", "__weakref__")
    __class_getitem__ = classmethod(types.GenericAlias)

    def __init__(self, stream, func_name):
        self._stream = stream
        self._used = False
        self.func_name = func_name

    def _use(self):
        if self._used:
            raise make(6, f"the stream of {self.func_name!r} has already been used: call again for another")
        self._used = True

    def __iter__(self):
        self._use()
        return self._stream

    def __aiter__(self):
        self._use()
        return _Items(self._stream)

    def __next__(self):
        # For next() before the loop, or without any; a loop goes on from there.
        return next(self._stream)

    async def __anext__(self):
        return await _Items(self._stream).__anext__()

    def get(self, timeout=None):
        """The iterator, for ``for`` and ``async for``. With ``timeout`` it waits for the first item, at most that
        long, and then raises TimeoutError."""
        limit = nanoseconds(timeout, "timeout of get()")
        if limit and not self._stream.ready():
            arrived = threading.Event()
            self._stream.on_ready(arrived.set)
            if not arrived.wait(limit / 1e9):
                raise make(14, f"Function {self.func_name} result timed out")
        self._use()
        return _Items(self._stream)

    async def get_async(self, timeout=None):
        """``get`` for coroutines."""
        limit = nanoseconds(timeout, "timeout of get_async()")
        if limit and not self._stream.ready():
            await _loops.wait_at_most(self._stream.on_ready, limit)
            if not self._stream.ready():
                raise make(14, f"Function {self.func_name} result timed out")
        self._use()
        return _Items(self._stream)

    @property
    def ready(self):
        """True when there is an item to take, or the end. Never blocks."""
        return self._stream.ready()

    def close(self):
        """Leaves it: the generator at the callee ends, and what has come is dropped."""
        self._stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return f"<stream of {self.func_name!r}>"


class _Items:
    """One pass over a stream."""

    __slots__ = ("_stream",)

    def __init__(self, stream):
        self._stream = stream

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._stream)

    def __aiter__(self):
        return self

    async def __anext__(self):
        stream = self._stream
        if not stream.ready():
            await _loops.wait(stream.on_ready)
        try:
            return next(stream)
        except StopIteration:
            raise StopAsyncIteration from None

    def close(self):
        self._stream.close()

    async def aclose(self):
        self._stream.close()


_core.set_stream_type(IterableAsyncResult)
_core.set_nanoseconds(nanoseconds)
