"""Very many calls at once: none is refused because the event loop, or the interpreter, is busy."""

import pytest

SERVICE = """
    import asyncio
    from daffi import Global
    from daffi.decorators import callback

    @callback
    async def echo(value):
        await asyncio.sleep(0.01)
        return value

    @callback
    async def sleep():
        await asyncio.sleep(600)

    g = Global(process_name="service", init_controller=True, unix_sock_path=SOCKET)
    print("up")
    LOOP
"""


def client_of(programs, body):
    return programs(
        """
        from daffi import BG, FG, Global
        from daffi.exceptions import CancelledError
        g = Global(unix_sock_path=SOCKET)
        g.wait_function("echo")
"""
        + body
    )


@pytest.mark.parametrize("loop", ["g.join()", "asyncio.run(g.join_async())"], ids=["our loop", "its own loop"])
def test_five_thousand_coroutines_at_once(programs, loop):
    programs(SERVICE.replace("LOOP", loop)).expect("up")
    client = client_of(programs, """
        calls = [g.call.echo(number) & BG for number in range(5000)]
        print([call.get() for call in calls] == list(range(5000)))
    """)
    client.expect("True")
    client.finish(0)


def test_thousands_that_are_cancelled_hold_up_nobody(programs):
    programs(SERVICE.replace("LOOP", "g.join()")).expect("up")
    client = client_of(programs, """
        calls = [g.call.sleep() & BG for _ in range(3000)]
        for call in calls:
            call.cancel()
        print("echo", g.call.echo(1) & FG(timeout=30))
        ended = 0
        for call in calls:
            try:
                call.get()
            except CancelledError:
                ended += 1
        print("cancelled", ended)
    """)
    client.expect("echo 1")
    client.expect("cancelled 3000")
    client.finish(0)
