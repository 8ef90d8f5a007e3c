"""Global: starts and stops this process's controller and node, and makes calls. Documentation: 4, 7.1."""

import os
import threading

from . import _current, _exit, _logging, _loops, _registered, _transfer
from . import _core as _compiled
from ._calling import LazyRemoteCall
from ._errors import make
from ._warning import warn
from ._options import core_options
from .modifiers import nanoseconds

_STOPPED = "Global can no longer accept remote calls because it was stopped"
_PROCESS, _FUNCTION = 0, 1
_starting = threading.RLock()


class _Single(type):
    """One Global per process: while it runs, making another gives the first."""

    def __call__(cls, *args, **kwargs):
        if cls._private:
            return super().__call__(*args, **kwargs)
        with _starting:
            running = cls._instances.get(cls)
            if running is not None:
                if (args, kwargs) != running._made_with:
                    warn("a Global runs in this process already, and is what you get: your other arguments are not used")
                return running
            made = super().__call__(*args, **kwargs)
            made._made_with = (args, kwargs)
            return made


class Global(metaclass=_Single):
    """The entry point of a process.

    Starts what the arguments ask for and returns when it is up. A node whose controller is away keeps trying, and says
    so in the log; ``connect_timeout`` bounds that. Blocking methods may be used in any thread; Ctrl-C interrupts them.
    With ``with Global(...) as g:`` it is stopped at the end of the block.
    """

    _instances = _current._instances
    _private = False  # of daffi.testing: outside of the rule of one per process

    def __init__(
        self,
        process_name=None,
        init_controller=False,
        init_node=True,
        host=None,
        port=None,
        unix_sock_path=None,
        on_init=None,
        on_node_connect=None,
        on_node_disconnect=None,
        ssl_certificate=None,
        ssl_key=None,
        *,
        token=None,
        token_roles=None,
        ssl_ca=None,
        allow_code=False,
        state_dir=None,
        grace=None,
        heartbeat=None,
        connect_timeout=None,
        connect_wait=None,
        default_timeout=None,
        drain_timeout=None,
        handler_threads=None,
        max_message_size=None,
        max_connections=None,
        max_connections_per_address=None,
        busy_poll=None,
        balance=None,
    ):
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self._pid = os.getpid()
        self._ended = threading.Event()
        self._stopping = threading.Lock()
        # Callbacks may be called, and make calls themselves, before the constructor has come that far.
        self._up = threading.Event()
        self._is_up = False
        self._core = None
        self._usable = None  # the core, until it is stopped
        self._made_with = ((), {})
        options = core_options(self, given)
        self._start(options)

    def _start(self, options):
        _exit.prepare()
        _loops.adopt()
        _logging.start()
        core = _compiled.Core()
        self._core = core
        options["on_init"] = self._starts_with(options.get("on_init"))
        if not self._private:
            self._instances[type(self)] = self
        try:
            if self._private:
                core.start(options, [])
            else:
                _registered.start(core, options)
        except BaseException:
            self._core = None
            self._forget()
            self._comes_up()
            raise
        _exit.known.add(self)
        if not self._private:
            _current.remember(self)

    def _starts_with(self, on_init):
        def run(process_name):
            self._comes_up()
            if on_init is not None:
                on_init(process_name)

        return run

    def _comes_up(self):
        self._usable = self._core
        _current.refresh()
        self._is_up = True
        self._up.set()

    # ---- what it is

    @property
    def call(self):
        """Calls by name: ``g.call.add(1, 2) & FG(timeout=3)``."""
        return LazyRemoteCall(self)

    @property
    def is_controller(self):
        """True when the controller runs in this process."""
        return self._live_core().is_controller()

    @property
    def process_name(self):
        """The name of this process for the others."""
        return self._live_core().process_name()

    @property
    def port(self):
        """The TCP port of the controller; None without TCP."""
        return self._live_core().port() or None

    @property
    def unix_sock_path(self):
        """The path of the UNIX socket; None with TCP."""
        return self._live_core().unix_sock_path() or None

    @property
    def connected(self):
        """True while the node is connected to its controller."""
        return self._live_core().connected()

    @property
    def registered_callbacks(self):
        """The names of the others' callbacks, by process."""
        return self._live_core().registered_callbacks()

    @property
    def stats(self):
        """Counters, as a dict."""
        return self._live_core().stats()

    def _live_core(self):
        core = self._usable
        if core is None and not self._is_up:
            self._up.wait()
            core = self._usable
        if core is not None:
            return core
        if self._pid != os.getpid():
            raise make(2, "this Global belongs to the process that was forked; make a new one in the child")
        raise make(2, _STOPPED)

    # ---- waiting

    def wait_process(self, process_name, timeout=None):
        """Blocks until a process of that name is there, at most for ``timeout`` (TimeoutError)."""
        self._wait(_PROCESS, process_name, timeout)

    def wait_function(self, func_name, timeout=None):
        """Blocks until some process, this one included, has a callback of that name."""
        self._wait(_FUNCTION, func_name, timeout)

    async def wait_process_async(self, process_name, timeout=None):
        """``wait_process`` for coroutines."""
        await self._wait_async(_PROCESS, process_name, timeout)

    async def wait_function_async(self, func_name, timeout=None):
        """``wait_function`` for coroutines."""
        await self._wait_async(_FUNCTION, func_name, timeout)

    def _wait(self, subject, name, timeout):
        outcome, done = [], threading.Event()

        def finish(error):
            outcome.append(error)
            done.set()

        self._live_core().wait_async(subject, str(name), nanoseconds(timeout, "timeout"), finish)
        done.wait()
        if outcome[0] is not None:
            raise outcome[0]

    async def _wait_async(self, subject, name, timeout):
        core, outcome, limit = self._live_core(), [], nanoseconds(timeout, "timeout")

        def subscribe(wake):
            def finish(error):
                outcome.append(error)
                wake()

            core.wait_async(subject, str(name), limit, finish)

        await _loops.wait(subscribe)
        if outcome[0] is not None:
            raise outcome[0]

    # ---- code and tasks

    def transfer_and_call(self, remote_process, func, *args, **kwargs):
        """Runs a function in another process, which need not have it, and gives its result.

        Plain functions, coroutine functions (awaited there) and generator functions (their items come as a stream),
        lambdas and closures; the globals that they use go with them. Both processes must be verified as the same user
        on one host, or the other one allows it (``allow_code=True``, with TLS). InitializationError: there is no such
        process.
        """
        return _transfer.transfer_and_call(self._live_core(), remote_process, func, args, kwargs)

    async def transfer_and_call_async(self, remote_process, func, *args, **kwargs):
        """``transfer_and_call`` for coroutines."""
        return await _transfer.transfer_and_call_async(self._live_core(), remote_process, func, args, kwargs)

    def get_scheduled_tasks(self, remote_process):
        """All tasks that a process has by PERIOD, whoever asked for them: a list of dicts with ``condition`` ("period"
        or "at_time"), ``func_name``, ``uuid``, and ``number_of_active_tasks`` for "at_time"."""
        tasks = []
        for uuid, func_name, condition, number in self._live_core().tasks_of(str(remote_process)):
            task = {"condition": condition, "func_name": func_name, "uuid": uuid}
            if condition == "at_time":
                task["number_of_active_tasks"] = number
            tasks.append(task)
        return tasks

    def cancel_scheduled_task_by_uuid(self, remote_process, uuid):
        """Ends a task. True, or False when it had ended already; RemoteCallError for one that never was."""
        return self._live_core().cancel_task(str(remote_process), str(uuid))

    # ---- its end

    def join(self):
        """Blocks until stop(), from whichever thread; after it, returns at once. In the main thread SIGTERM stops the
        Global, draining it."""
        if self._was_stopped():
            return
        with _exit.stopping_on_sigterm(self):
            self._ended.wait()

    async def join_async(self):
        """``join`` for coroutines. Coroutines that are callbacks run on this loop from now on."""
        if self._was_stopped():
            return
        _loops.adopt()
        with _exit.stopping_on_sigterm(self):
            await _loops.wait(self._on_end)

    def _was_stopped(self):
        if self._pid == os.getpid() and self._ended.is_set():
            return True
        self._live_core()
        return False

    def _on_end(self, wake):
        def watch():
            self._ended.wait()
            wake()

        threading.Thread(target=watch, name="daffi-join", daemon=True).start()

    def stop(self, deadline=None):
        """Takes no new calls, lets running callbacks finish (at most for ``deadline``, else ``drain_timeout``), flushes
        what was accepted and leaves. Later calls raise GlobalContextError. The second time nothing happens."""
        limit = None if deadline is None else nanoseconds(deadline, "deadline")
        if self._pid == os.getpid():
            self._up.wait()
        core = self._core
        if core is None or self._pid != os.getpid():
            return
        try:
            core.stop(limit)
        finally:
            with self._stopping:
                self._usable = None
                self._forget()
                _registered.stopped(core)
                self._ended.set()

    def _forget(self):
        for key, instance in list(self._instances.items()):
            if instance is self:
                del self._instances[key]
        _current.refresh()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __repr__(self):
        if self._core is None or self._ended.is_set():
            return "<Global, stopped>"
        return f"<Global {self.process_name!r}{', controller' if self.is_controller else ''}>"


def all_running():
    """Every Global that runs in this process."""
    return list(Global._instances.values())


