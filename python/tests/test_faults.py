"""What a Python process does to others, and to itself, when it hangs, forks, or ends in the midst of it."""

import os
import signal
import time

import pytest

from test_processes import WATCH

HOLD = """
    import ctypes

    # A function of C that, called so, keeps the GIL: no thread of this process runs Python meanwhile.
    def hold_the_gil(seconds):
        ctypes.PyDLL(None).poll(None, 0, int(seconds * 1000))
"""

CONTROLLER = HOLD + """
    import threading
    from daffi import Global
    from daffi.decorators import callback

    @callback
    def hold(seconds):
        print("holding")
        hold_the_gil(seconds)
        return "held"

    g = Global("controller", init_controller=True, unix_sock_path=SOCKET, heartbeat=1,
               on_node_disconnect=lambda g, name: print("lost", name))
""" + WATCH.replace("waits", "up") + """
    g.join()
"""

SERVICE = HOLD + """
    import asyncio, threading, time
    from daffi import Global, current_call
    from daffi.decorators import callback

    @callback
    def echo(value):
        return value

    @callback
    def hold_here(seconds):
        print("holding")
        hold_the_gil(seconds)
        return "held"

    @callback
    def block():
        print("blocked")
        threading.Event().wait()

    @callback
    def spin():
        print("spinning")
        while True:
            pass

    @callback
    async def never():
        print("waiting")
        await asyncio.get_running_loop().create_future()

    @callback
    def numbers():
        try:
            for number in range(10**9):
                yield number
        finally:
            print("generator ended")

    @callback
    def stuck():
        yield 1
        print("stuck")
        threading.Event().wait()
"""

NODE = SERVICE + """
    g = Global(NAME, unix_sock_path=SOCKET, heartbeat=1, drain_timeout=0.3)
""" + WATCH.replace("waits", "up") + """
    g.join()
    print("joined")
"""


# Here it is twice a heartbeat of a second; the long form below is four of the default.
def test_who_holds_the_gil_is_not_taken_for_dead_and_nobody_else_waits(programs):
    controller = programs(CONTROLLER, log="info")
    controller.expect("up")
    service = programs(NODE, NAME="service", log="info")
    service.expect("up")
    other = programs(NODE.replace("def hold_here", "def hold_there"), NAME="other")
    other.expect("up")
    client = programs("""
        import time
        from daffi import BG, FG, Global
        from daffi.exceptions import TimeoutError
        g = Global("client", unix_sock_path=SOCKET, heartbeat=1)
        for name in ("hold", "hold_here", "hold_there"):
            g.wait_function(name)
        began = time.monotonic()
        held = [g.call.hold(2.2) & BG, g.call.hold_here(2.2) & BG]
        print("asked")
        input_given = g.call.echo("elsewhere") & FG(receiver="other", timeout=30)
        for _ in range(50):
            assert g.call.echo("elsewhere") & FG(receiver="other", timeout=30) == input_given
        print("quick", time.monotonic() - began < 2)
        try:
            g.call.echo(1) & FG(receiver="service", timeout=0.2)
        except TimeoutError as error:
            print("late", error.may_have_run)
        print([each.get(timeout=30) for each in held], g.call.echo(2) & FG(receiver="service", timeout=30))
        g.stop()
    """, log="info")
    client.expect("quick True")
    client.expect("late True")
    client.expect("['held', 'held'] 2")
    client.finish(0)
    for each in (service, other):
        each.interrupt(signal.SIGTERM)
        each.expect("joined")
    said = controller.seen + service.seen + client.seen
    controller.interrupt(signal.SIGTERM)
    said += controller.finish(0)
    assert not [line for line in said if "lost" in line and ("lost its" in line or "heartbeat" in line)], said


@pytest.mark.skipif("DAFFI_SOAK_MINUTES" not in os.environ, reason="a minute long: ./dev soak runs it")
def test_who_holds_the_gil_for_a_minute_is_not_taken_for_dead_by_default(programs):
    def by_default(script):
        return script.replace(", heartbeat=1", "")

    controller = programs(by_default(CONTROLLER), log="info")
    controller.expect("up")
    service = programs(by_default(NODE), NAME="service", log="info")
    service.expect("up")
    other = programs(by_default(NODE).replace("def hold_here", "def hold_there"), NAME="other")
    other.expect("up")
    client = programs("""
        import time
        from daffi import BG, FG, Global
        g = Global("client", unix_sock_path=SOCKET)
        for name in ("hold", "hold_here", "hold_there"):
            g.wait_function(name)
        began = time.monotonic()
        held = [g.call.hold(60) & BG(timeout=90), g.call.hold_here(60) & BG(timeout=90)]
        calls, slowest, said = 0, 0.0, began
        while not all(each.ready for each in held):
            sent = time.monotonic()
            assert g.call.echo(calls) & FG(receiver="other", timeout=10) == calls
            calls, slowest = calls + 1, max(slowest, time.monotonic() - sent)
            if sent - said > 10:
                said = sent
                print("after", round(sent - began), "s:", calls, "calls elsewhere")
        print("a minute", time.monotonic() - began >= 60, "the slowest call elsewhere took", round(slowest, 3), "s")
        print([each.get(timeout=30) for each in held], g.call.echo(2) & FG(receiver="service", timeout=30))
        g.stop()
    """, log="info")
    client.expect("a minute True")
    client.expect("['held', 'held'] 2")
    client.finish(0)
    for each in (service, other):
        each.interrupt(signal.SIGTERM)
        each.expect("joined")
    said = controller.seen + service.seen + client.seen
    controller.interrupt(signal.SIGTERM)
    said += controller.finish(0)
    assert not [line for line in said if "lost" in line and ("lost its" in line or "heartbeat" in line)], said
    print(*[line for line in said if "elsewhere" in line], sep="\n")


@pytest.mark.parametrize("end", ["sys.exit(0)", "pass", "g.stop()"])
def test_a_process_ends_with_calls_of_every_kind_pending(programs, end):
    programs(CONTROLLER).expect("up")
    service = programs(NODE, NAME="service")
    service.expect("up")
    client = programs(f"""
        import asyncio, sys, threading
        from daffi import BG, FG, Global
        from daffi.decorators import fetcher
        g = Global("client", unix_sock_path=SOCKET)
        g.wait_function("stuck")
        pending = [g.call.block() & BG, g.call.never() & BG, g.call.echo(1) & BG(eta="1h")]
        stream = iter(g.call.numbers() & FG)
        print(next(stream), next(stream))

        def wait():
            try:
                g.wait_function("that is never there")
            except BaseException as error:
                print(type(error).__name__)

        def run_a_loop():
            async def main():
                await (g.call.never() & BG)
            try:
                asyncio.run(main())
            except BaseException as error:
                print(type(error).__name__)

        for each in (wait, run_a_loop):
            threading.Thread(target=each, daemon=True).start()
        print("all asked")
        {end}
    """)
    client.expect("all asked")
    began = time.monotonic()
    client.finish(0)
    assert time.monotonic() - began < 20
    service.expect("generator ended")


@pytest.mark.parametrize("what", ["block", "spin", "never", "stuck"])
def test_a_callback_that_never_returns_does_not_hold_up_stop(programs, what):
    programs(CONTROLLER).expect("up")
    service = programs(NODE, NAME="service")
    service.expect("up")
    client = programs(f"""
        from daffi import BG, FG, Global
        from daffi.exceptions import DaffiError
        g = Global("client", unix_sock_path=SOCKET)
        g.wait_function({what!r})
        try:
            for _ in g.call.{what}() & FG:
                print("begun")
        except DaffiError as error:
            print("ended", type(error).__name__, error.may_have_run)
        g.stop()
    """)
    service.expect({"block": "blocked", "spin": "spinning", "never": "waiting", "stuck": "stuck"}[what])
    service.interrupt(signal.SIGTERM)
    began = time.monotonic()
    service.finish(0)
    assert time.monotonic() - began < 15, "drain_timeout is 0.3 s"
    client.expect("True")
    client.finish(0)


def test_no_exception_is_too_odd_to_be_told(programs):
    programs(CONTROLLER).expect("up")
    service = programs("""
        import threading
        from daffi import Global
        from daffi.decorators import callback

        class Unpicklable(Exception):
            def __reduce__(self):
                raise TypeError("not me")

        class Unspeakable(Exception):
            def __str__(self):
                raise ValueError("no words")
            __repr__ = __str__

        class Odd(BaseException):
            args = property(lambda self: 1 / 0)

        class Endless(Exception):
            def __init__(self):
                super().__init__(self)

        odd = {
            "unpicklable": lambda: Unpicklable("words", threading.Lock()),
            "unspeakable": lambda: Unspeakable(),
            "odd": lambda: Odd("x"),
            "itself": lambda: Endless(),
            "long": lambda: ValueError("x" * 10_000_000),
            "surrogates": lambda: ValueError("\\ud800\\x00\\xff"),
            "local": lambda: type("Local", (Unpicklable,), {})(lambda: 1),
        }

        @callback
        def fail(kind):
            try:
                raise RuntimeError(threading.Lock())
            except RuntimeError as cause:
                raise odd[kind]() from cause

        @callback
        def fail_later(kind):
            yield 1
            fail(kind)

        @callback
        async def fail_awaited(kind):
            fail(kind)

        g = Global("service", unix_sock_path=SOCKET)
    """ + WATCH.replace("waits", "up").replace("\n    ", "\n        ") + """
        g.join()
        print("joined")
    """)
    service.expect("up")
    client = programs("""
        from daffi import BG, FG, Global
        from daffi.exceptions import RemoteCallError
        g = Global("client", unix_sock_path=SOCKET)
        g.wait_function("fail_awaited")
        for kind in ("unpicklable", "unspeakable", "odd", "itself", "long", "surrogates", "local"):
            for call in (lambda: g.call.fail(kind) & FG(timeout=30), lambda: (g.call.fail(kind) & BG).get(timeout=30),
                         lambda: list(g.call.fail_later(kind) & FG(timeout=30)),
                         lambda: g.call.fail_awaited(kind) & FG(timeout=30)):
                try:
                    print("given", kind, call())
                except RemoteCallError as error:
                    assert error.may_have_run and str(error), kind
                    assert error.__cause__ is not None, kind
        print("told")
        g.stop()
    """)
    client.expect("told")
    assert not [line for line in client.finish(0) if line.startswith("given")]
    service.interrupt(signal.SIGTERM)
    service.expect("joined")
    service.finish(0)


def test_children_that_are_forked_do_not_disturb_their_parent(programs):
    programs(CONTROLLER).expect("up")
    service = programs("""
        import multiprocessing, os, sys, threading
        from daffi import BG, FG, Global
        from daffi.decorators import callback
        from daffi.exceptions import GlobalContextError

        @callback
        def echo(value):
            return value

        def child():
            try:
                g.call.hold(0) & FG
            except GlobalContextError:
                g.stop()
                sys.exit(7)

        g = Global("service", unix_sock_path=SOCKET)
        later = g.call.hold(0.3) & BG
        context = multiprocessing.get_context("fork")
        for _ in range(3):
            each = context.Process(target=child)
            each.start()
            each.join(30)
            print("child ended", each.exitcode)
        # One that leaves as a whole interpreter does.
        if (pid := os.fork()) == 0:
            sys.exit(0)
        print("child left", os.waitpid(pid, 0)[1])
        print("parent", later.get(timeout=30))
    """ + WATCH.replace("\n    ", "\n        ") + """
        g.join()
        print("joined")
    """)
    client = programs("""
        from daffi import FG, Global
        g = Global("client", unix_sock_path=SOCKET)
        g.wait_process("service")
        g.wait_function("echo")
        print(sum(g.call.echo(1) & FG(timeout=30) for _ in range(2000)))
        g.stop()
    """)
    for _ in range(3):
        assert service.expect("child ended") == "child ended 7"
    assert service.expect("child left") == "child left 0"
    service.expect("parent held")
    client.expect("2000")
    client.finish(0)
    service.expect("waits")
    service.interrupt(signal.SIGTERM)
    service.expect("joined")
    service.finish(0)
