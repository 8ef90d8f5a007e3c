"""How a process ends: exit of main, signals, fork.

A process that others may call keeps serving when its main ends without stop(); a pure client exits. All threads of the
core are stopped before the interpreter is torn down.
"""

import atexit
import contextlib
import os
import signal
import sys
import threading
import weakref

from ._logging import logger
from . import _core, _current, _logging, _loops, _registered

_prepared = False
_failed = False
#: Every Global that was started here and is still referred to.
known: weakref.WeakSet = weakref.WeakSet()


def prepare():
    """Called before each Global starts. The first time it hooks in; importing daffi alone changes nothing."""
    global _prepared
    if _prepared:
        return
    _prepared = True
    atexit.register(_interpreter_ends)
    try:
        # Executors that callbacks use while we keep serving must not be the first to hear of the exit.
        import concurrent.futures.thread  # noqa: F401

        threading._register_atexit(_main_ended)
    except RuntimeError:  # main has ended, and a thread that outlives it makes the first Global
        atexit.register(_main_ended)
    os.register_at_fork(after_in_child=_forked)
    before = sys.excepthook

    def excepthook(kind, error, trace):
        global _failed
        _failed = True
        before(kind, error, trace)

    sys.excepthook = excepthook


def _instances():
    return [each for each in _current._instances.values() if each._pid == os.getpid() and each._is_up]


def _keeps_serving(instance):
    if _failed or hasattr(sys, "ps1") or sys.flags.interactive:
        return False
    core = instance._core
    if core is None or instance._ended.is_set():
        return False
    return core.is_controller() or _registered.has_any()


def _main_ended():
    """Runs in the main thread once main has ended, before anything is torn down."""
    for instance in _instances():
        try:
            if _keeps_serving(instance):
                with stopping_on_sigterm(instance):
                    logger.getChild("global").info("%s has come to the end of main, and keeps serving", instance.process_name)
                    instance.join()
            instance.stop(0 if _failed else None)
        except KeyboardInterrupt:
            instance.stop(0)
        except Exception:  # it is stopped as well as it can be
            instance.stop(0)


def _interpreter_ends():
    for instance in _instances():
        instance.stop(0)
    for instance in list(known):
        if instance._core is not None:
            instance._core.close()
    _logging.stop()
    _core.python_ends()


def _forked():
    """The child has none of the threads: what the parent had is neither used nor destroyed here."""
    for instance in list(known):
        if instance._core is not None:
            instance._core.abandon()
            instance._core = instance._usable = None
    known.clear()
    _current._instances.clear()
    _current.refresh()
    _registered.forget_cores()
    _loops.forget()
    _core.set_main_thread(threading.get_ident())


@contextlib.contextmanager
def stopping_on_sigterm(instance):
    """In the main thread, where SIGTERM still has its default action: it stops the Global; a second one ends it now."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def on_signal(number, _frame):
        if asked:
            os._exit(128 + number)
        asked.append(number)
        threading.Thread(target=instance.stop, name="daffi-stop", daemon=True).start()

    asked = []
    signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


_core.set_main_thread(threading.main_thread().ident)
