"""What calls give that do not wait: AsyncResult, and ScheduledTask."""

from . import _loops
from .modifiers import nanoseconds

__all__ = ["AsyncResult", "ScheduledTask", "SchedulerTask", "IterableAsyncResult"]


class AsyncResult:
    """The result of a BG call, now or later. May be asked again, and by several threads; awaitable."""

    __slots__ = ("_pending", "_outcome", "__weakref__")

    def __init__(self, pending):
        self._pending = pending
        self._outcome = None

    def get(self, timeout=None):
        """Blocks until the call has ended; gives its result or raises its error.

        After ``timeout`` it raises TimeoutError, and the call goes on.
        """
        if self._outcome is None:
            limit = nanoseconds(timeout, "timeout of get()")
            self._settle(limit or None)
        value, error = self._outcome
        if error is not None:
            raise error
        return value

    def _settle(self, limit):
        try:
            outcome = self._pending.wait(limit), None
        except Exception as error:
            if not self._pending.ready():
                raise
            outcome = None, error
        if self._outcome is None:
            self._outcome = outcome

    async def get_async(self, timeout=None):
        """``get`` for coroutines: under asyncio and under trio. Cancelled while it waits, it cancels the call."""
        if self._outcome is None and not self._pending.ready():
            limit = nanoseconds(timeout, "timeout of get_async()")
            if limit:
                await self._wait_at_most(limit)
            else:
                await _loops.wait(self._pending.on_done, self._pending.cancel)
        return self.get(1e-9 if timeout else None)

    async def _wait_at_most(self, limit):
        home = _loops.here()
        if isinstance(home, _loops._TrioHome):
            with home.trio.move_on_after(limit / 1e9):
                await _loops.wait(self._pending.on_done)
        else:
            import asyncio

            try:
                await asyncio.wait_for(_loops.wait(self._pending.on_done), limit / 1e9)
            except asyncio.TimeoutError:
                pass

    def __await__(self):
        return self.get_async().__await__()

    @property
    def ready(self):
        """True once the call has ended, in whichever way. Never blocks."""
        return self._pending.ready()

    @property
    def error(self):
        """The call's error; None while it runs, and when it succeeded. Never blocks."""
        if self._outcome is not None:
            return self._outcome[1]
        return self._pending.error()

    @property
    def uuid(self):
        """Tells this call from all others."""
        return self._pending.uuid

    @property
    def func_name(self):
        """The callback's name."""
        return self._pending.func_name

    def cancel(self):
        """Ends the call with CancelledError and tells the callee. Without effect once it has ended."""
        self._pending.cancel()

    def __repr__(self):
        return f"<AsyncResult of {self.func_name!r}, {'ready' if self.ready else 'under way'}>"


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
    """The items of a callback that yields: iterated once, by ``for`` or ``async for``."""

    __slots__ = ("_stream", "_used")

    def __init__(self, stream):
        self._stream = stream
        self._used = False
