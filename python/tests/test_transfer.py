"""transfer_and_call: functions that run in another process."""

import asyncio
import os
import threading

import pytest

from daffi.exceptions import GlobalContextError, InitializationError, RemoteCallError

SERVICE = """
    import os
    from daffi import Global
    g = Global(process_name="other", init_controller=True, unix_sock_path=SOCKET)
    print("pid", os.getpid())
    g.join()
"""


@pytest.fixture
def other(programs):
    service = programs(SERVICE)
    service.number = service.expect("pid").split()[1]
    return service


def client_of(programs, body):
    return programs(
        """
        import asyncio, os, threading
        from daffi import Global
        from daffi.exceptions import *
        g = Global(unix_sock_path=SOCKET)
        g.wait_process("other")
"""
        + body
    )


def test_functions_of_every_kind(programs, other):
    client = client_of(programs, """
        FACTOR = 3
        def pid():
            import os
            return os.getpid()
        def triple(value):
            return helper(value)
        def helper(value):
            return value * FACTOR
        async def slowly(value):
            import asyncio
            await asyncio.sleep(0.01)
            return value
        def count(to):
            yield from range(to)
        async def count_async(to):
            for number in range(to):
                yield number
        def closure(by):
            return lambda value, plus=0: value * by + plus
        print("pid", g.transfer_and_call("other", pid))
        print("by name", g.transfer_and_call(remote_process="other", func=pid) != os.getpid())
        print("triple", g.transfer_and_call("other", triple, 14))
        print("slowly", g.transfer_and_call("other", slowly, "done"))
        print("count", list(g.transfer_and_call("other", count, 4)))
        print("count", list(g.transfer_and_call("other", count_async, 3)))
        print("closure", g.transfer_and_call("other", closure(10), 4, plus=2))
        print("again", g.transfer_and_call("other", closure(10), 5, plus=2))
        async def main():
            print("awaited", await g.transfer_and_call_async("other", slowly, 5))
        asyncio.run(main())
    """)
    client.expect(f"pid {other.number}")
    client.expect("by name True")
    client.expect("triple 42")
    client.expect("slowly done")
    client.expect("count [0, 1, 2, 3]")
    client.expect("count [0, 1, 2]")
    client.expect("closure 42")
    client.expect("again 52")
    client.expect("awaited 5")
    client.finish()


def test_what_goes_wrong_is_told(programs, other):
    client = client_of(programs, """
        def fails():
            raise KeyError("there")
        lock = threading.Lock()
        def locked():
            return lock
        def told(function, process="other", *args):
            try:
                print("no error", g.transfer_and_call(process, function, *args))
            except DaffiError as error:
                print(type(error).__name__, error)
        told(fails)
        told(locked)
        told(fails, "nobody")
        told("no function")
        told(lambda: 1, "other", "too many")
    """)
    line = client.expect("RemoteCallError")
    assert "there" in line and "other" in line
    line = client.expect("GlobalContextError")
    assert "locked" in line and "lock" in line
    client.expect("InitializationError Seems process 'nobody' is not running.")
    client.expect("GlobalContextError transfer_and_call takes a function")
    client.expect("RemoteCallError")
    client.finish()


def test_to_oneself(programs):
    alone = programs("""
        from daffi import Global
        g = Global(process_name="me", init_controller=True, unix_sock_path=SOCKET)
        print("gave", g.transfer_and_call("me", lambda a: a + 1, 1))
        g.stop()
    """)
    alone.expect("gave 2")
    alone.finish()


def test_the_same_code_travels_once(cluster):
    here, there = cluster.node("here"), cluster.node("there")
    big = "x" * 300_000

    def size():
        return len(big)

    assert [here.transfer_and_call("there", size) for _ in range(3)] == [300_000] * 3
