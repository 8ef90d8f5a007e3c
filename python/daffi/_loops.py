"""Event loops: where coroutines of callbacks run, and how a coroutine waits for the core.

Nothing here polls: the core calls back on a thread of its own, and that wakes the loop. asyncio and trio are only looked
at when the application has imported them, or when a coroutine has to run and there is no loop of the application's.
"""

import contextvars
import sys
import threading

from . import _core, exceptions

_call = contextvars.ContextVar("daffi_current_call", default=None)
_lock = threading.Lock()
_home = None
_own = None
_AT_ONCE = 128


def current_call():
    """What a callback may know about the call it serves: ``caller``, ``remaining`` (s) and ``cancelled``; else None."""
    return _call.get() or _core.current_call()


class _AsyncioHome:
    def __init__(self, loop):
        self.loop = loop

    def is_running(self):
        return self.loop.is_running()

    def run(self, *call):
        self.loop.call_soon_threadsafe(self._begin, call)

    def take_soon(self):
        self.loop.call_soon_threadsafe(_take, self)

    def _begin(self, call):
        task = self.loop.create_task(_serve(self, *call))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    def canceller(self):
        import asyncio

        task = asyncio.current_task()

        def cancel():
            try:
                self.loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                pass  # the loop is closed, and the task with it

        return cancel

    def waker(self):
        future = self.loop.create_future()

        def settle():
            if not future.done():
                future.set_result(None)

        def wake(*_):
            try:
                self.loop.call_soon_threadsafe(settle)
            except RuntimeError:
                pass  # the loop is closed: nobody waits any more

        return future, wake


class _TrioHome:
    def __init__(self, trio):
        self.trio = trio
        self.token = trio.lowlevel.current_trio_token()
        self.open = True

    def is_running(self):
        if self.open:
            try:
                self.token.run_sync_soon(_nothing)
            except self.trio.RunFinishedError:
                self.open = False
        return self.open

    def run(self, *call):
        self.token.run_sync_soon(self._begin, call)

    def take_soon(self):
        self.token.run_sync_soon(_take, self)

    def _begin(self, call):
        self.trio.lowlevel.spawn_system_task(self._task, call)

    async def _task(self, call):
        with self.trio.CancelScope() as self_scope:
            scope = _Scope(self, self_scope)
            await _serve(scope, *call)

    def waker(self):
        event = self.trio.Event()

        def wake(*_):
            try:
                self.token.run_sync_soon(event.set)
            except self.trio.RunFinishedError:
                pass

        return event.wait(), wake


class _Scope:
    def __init__(self, home, scope):
        self.home, self.scope = home, scope

    def canceller(self):
        def cancel():
            try:
                self.home.token.run_sync_soon(self.scope.cancel)
            except self.home.trio.RunFinishedError:
                pass

        return cancel


_tasks: set = set()


def _nothing():
    pass


async def _serve(home, function, arguments, keywords, responder, context):
    _call.set(context)
    responder.on_stop(context, home.canceller())
    try:
        result = await function(*arguments, **(keywords or {}))
    except BaseException as error:  # whatever it is, its caller is told, and the loop lives on
        responder.fail(error)
        if type(home) is _Scope and not isinstance(error, (Exception, SystemExit, KeyboardInterrupt)):
            raise
    else:
        responder.reply(result)


def here():
    """The loop that this code runs in; None outside of coroutines."""
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            return _TrioHome(trio)
        except (RuntimeError, AttributeError):
            pass
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        try:
            return _AsyncioHome(asyncio.get_running_loop())
        except (RuntimeError, AttributeError):
            pass
    return None


def is_inside_loop():
    """Whether blocking here would block an event loop."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and getattr(asyncio, "_get_running_loop", _nothing)() is not None:
        return True
    return "trio" in sys.modules and here() is not None


def adopt():
    """The loop that runs here, if one does, is from now on the one for coroutines of callbacks."""
    global _home
    found = here()
    if found is not None:
        _home = found


def _own_loop():
    """A loop of ours, on a thread of its own, for applications that have none."""
    global _own
    import asyncio

    with _lock:
        if _own is None or not _own.is_running():
            loop = asyncio.new_event_loop()
            begun = threading.Event()
            loop.call_soon(begun.set)
            threading.Thread(target=loop.run_forever, name="daffi-loop", daemon=True).start()
            begun.wait()
            _own = _AsyncioHome(loop)
    return _own


def run(function, arguments, keywords, responder, context):
    """Starts a coroutine function for a call; called on a thread of the core."""
    home = _home if _home is not None and _home.is_running() else _own_loop()
    try:
        home.run(function, arguments, keywords, responder, context)
    except Exception:  # it ended just now
        _own_loop().run(function, arguments, keywords, responder, context)


def wake():
    """There are calls of coroutine functions to take; called on a thread of the core."""
    home = _home if _home is not None and _home.is_running() else _own_loop()
    try:
        home.take_soon()
    except Exception:  # it ended just now
        _own_loop().take_soon()


def _take(home):
    """Starts some of the coroutines that wait for it, on the loop; what the loop does besides has its turn in between."""
    calls, more = _core.take_calls(_AT_ONCE)
    for call in calls:
        home._begin(call)
    if more:
        home.take_soon()


async def wait(subscribe, cancel=None):
    """Waits until the function given to ``subscribe`` has been called, on whichever thread."""
    home = here()
    if home is None:
        raise exceptions.GlobalContextError("there is no asyncio or trio loop to wait in")
    waiting, wake = home.waker()
    subscribe(wake)
    try:
        await waiting
    except BaseException:
        if cancel is not None:
            cancel()
        raise


async def in_thread(function, *args):
    """What the function gives, which blocks: it runs on a thread of its own."""
    outcome = []

    def work(wake):
        try:
            outcome.append((function(*args), None))
        except BaseException as error:  # raised where it is waited for
            outcome.append((None, error))
        wake()

    await wait(lambda wake: threading.Thread(target=work, args=(wake,), daemon=True).start())
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


async def wait_at_most(subscribe, limit):
    """The same, but for ``limit`` nanoseconds at most; how it ended is not told."""
    home = here()
    if isinstance(home, _TrioHome):
        with home.trio.move_on_after(limit / 1e9):
            await wait(subscribe)
    else:
        import asyncio

        try:
            await asyncio.wait_for(wait(subscribe), limit / 1e9)
        except asyncio.TimeoutError:
            pass


async def _drive(generator, sink):
    """Takes the items of an asynchronous generator for the core, as far ahead as it has room for."""
    try:
        async for item in generator:
            if sink.put(item):
                continue
            if sink.closed:
                break
            waiting, wake = here().waker()
            if sink.wait_for_room(wake):
                await waiting
    finally:
        close = getattr(generator, "aclose", None)
        if close is not None:
            await close()


def run_generator(generator, sink, context):
    """Starts an asynchronous generator for the core."""
    run(_drive, (generator, sink), None, sink, context)


def forget():
    """After a fork: the child has none of the parent's threads and loops."""
    global _home, _own
    _home = _own = None
    _tasks.clear()
    _core.forget_calls()


_core.set_coroutine_runner(run)
_core.set_loop_waker(wake)
_core.set_generator_runner(run_generator)
