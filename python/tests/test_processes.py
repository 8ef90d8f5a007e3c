"""How processes begin and end: the rule of one, exits, signals, forks, loops."""

import signal

import pytest

SERVICE = """
    import threading
    from daffi import Global
    from daffi.decorators import callback

    @callback
    def echo(value):
        return value

    @callback
    def block():
        print("blocked")
        threading.Event().wait()

    if __name__ == "__main__":
        g = Global("service", init_controller=True, unix_sock_path=SOCKET, drain_timeout=0.1)
        print("up")
"""


def test_a_second_global_is_the_first_until_it_is_stopped(programs):
    lines = programs("""
        import warnings
        from daffi import Global
        from daffi.exceptions import InitializationError

        async def hook(g, name):
            pass

        first = Global("one", init_controller=True, unix_sock_path=SOCKET)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert Global("one", init_controller=True, unix_sock_path=SOCKET) is first and not said
            assert Global("two") is first and len(said) == 1
        first.stop()
        second = Global("two", init_controller=True, unix_sock_path=SOCKET)
        assert second is not first and second.process_name == "two"
        Global._instances.clear()
        third = Global("three", unix_sock_path=SOCKET)
        assert third is not second
        third.stop()
        second.stop()
        for wrong, words in [
            (dict(init_node=False), "init_controller and init_node"),
            (dict(host="localhost", unix_sock_path="/tmp/x"), "unix_sock_path"),
            (dict(host="localhost"), "port"),
            (dict(ssl_certificate="nowhere.pem", ssl_key="nowhere.pem"), "ssl_certificate"),
            (dict(on_node_connect=hook), "on_node_connect"),
        ]:
            try:
                Global(**wrong)
            except InitializationError as error:
                assert words in str(error), error
            else:
                raise AssertionError(wrong)
        print("good")
    """).finish()
    assert "good" in lines


def test_two_processes_of_one_name(programs):
    service = programs(SERVICE)
    service.expect("up")
    lines = programs("""
        from daffi import Global
        from daffi.exceptions import InitializationError
        try:
            Global("service", unix_sock_path=SOCKET)
        except InitializationError as error:
            print("refused:", error)
    """).finish()
    assert any(line.startswith("refused:") and "service" in line for line in lines)


def test_a_pure_client_exits_without_stop(programs):
    programs(SERVICE).expect("up")
    assert "5" in programs("""
        from daffi import FG, Global
        g = Global(unix_sock_path=SOCKET)
        print(g.call.echo(5) & FG)
    """).finish(0)


def test_a_client_exits_with_calls_pending(programs):
    service = programs(SERVICE)
    service.expect("up")
    client = programs("""
        from daffi import BG, Global
        g = Global(unix_sock_path=SOCKET)
        later = g.call.block() & BG
        print("asked")
    """)
    service.expect("blocked")
    client.finish(0)


def test_sys_exit_is_an_end_of_main_like_any_other(programs):
    service = programs(WATCH + SERVICE + "        import sys; sys.exit(3)\n")
    service.expect("waits")
    assert "5" in programs("""
        import sys
        from daffi import FG, Global
        g = Global(unix_sock_path=SOCKET)
        print(g.call.echo(5) & FG)
        sys.exit(4)
    """).finish(4)
    service.interrupt(signal.SIGTERM)
    service.finish(3)


def test_sys_exit_behind_stop_is_the_end(programs):
    programs(SERVICE + "        g.stop(); import sys; sys.exit(3)\n").finish(3)


def test_an_unhandled_exception_ends_a_server_with_status_1(programs):
    lines = programs(SERVICE + "        raise ValueError('at the end')\n").finish(1)
    assert any("ValueError: at the end" in line for line in lines)


@pytest.mark.parametrize("what", ["g.join()", "g.call.block() & FG", "(g.call.block() & BG).get()", "g.wait_process('x')"])
def test_ctrl_c_interrupts_every_wait(programs, what):
    service = programs(SERVICE)
    service.expect("up")
    client = programs(f"""
        from daffi import BG, FG, Global
        g = Global(unix_sock_path=SOCKET)
        try:
            print("waiting")
            {what}
        except KeyboardInterrupt:
            print("interrupted")
        print("echo", g.call.echo(1) & FG)
    """)
    client.expect("waiting")
    if "block" in what:
        service.expect("blocked")
    client.interrupt()
    client.expect("interrupted")
    client.expect("echo 1")
    client.finish(0)


def test_ctrl_c_interrupts_the_wait_for_a_controller(programs):
    client = programs("""
        from daffi import Global
        print("waiting")
        try:
            Global(unix_sock_path=SOCKET)
        except KeyboardInterrupt:
            print("interrupted")
    """, log="info")
    client.expect("waiting")
    client.expect("controller")
    client.interrupt()
    client.expect("interrupted")
    client.finish(0)


# Says when the main thread has come to wait: that is when SIGTERM gets a handler.
WATCH = """
    def watch():
        import os, signal
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            os.sched_yield()
        print("waits")

    import threading
    threading.Thread(target=watch, daemon=True).start()
"""


def test_sigterm_under_join_drains(programs):
    service = programs(WATCH + SERVICE + "        g.join()\n        print('joined')\n")
    service.expect("waits")
    service.interrupt(signal.SIGTERM)
    service.expect("joined")
    service.finish(0)


def test_ctrl_c_ends_a_process_that_keeps_serving(programs):
    service = programs(WATCH + SERVICE)
    service.expect("waits")
    service.interrupt()
    service.finish(0)


def test_a_forked_child_gets_an_error_and_can_begin_anew(programs):
    programs(SERVICE).expect("up")
    client = programs("""
        import os, sys
        from daffi import FG, Global
        from daffi.exceptions import GlobalContextError
        g = Global(unix_sock_path=SOCKET)
        child = os.fork()
        if child == 0:
            try:
                g.call.echo(1) & FG
            except GlobalContextError as error:
                print("child:", error)
            with Global(unix_sock_path=SOCKET) as own:
                print("own", own.call.echo(7) & FG)
            sys.exit(0)
        _, status = os.waitpid(child, 0)
        print("parent", status, g.call.echo(2) & FG)
    """)
    lines = client.finish(0)
    assert any(line.startswith("child:") and "fork" in line for line in lines)
    assert "own 7" in lines and "parent 0 2" in lines


def test_trio_on_both_sides(programs):
    pytest.importorskip("trio")
    service = programs("""
        import trio
        from daffi import Global
        from daffi.decorators import callback

        @callback
        async def double(x):
            await trio.sleep(0)
            return 2 * x

        async def main():
            g = Global(init_controller=True, unix_sock_path=SOCKET)
            print("up")
            await g.join_async()

        trio.run(main)
        print("ended")
    """)
    service.expect("up")
    client = programs("""
        import trio
        from daffi import BG, Global
        from daffi.decorators import fetcher

        @fetcher
        async def double(x):
            pass

        async def main():
            g = Global(unix_sock_path=SOCKET)
            print(await double(4), await (g.call.double(5) & BG))
            with trio.move_on_after(0.01) as scope:
                await g.wait_process_async("nobody")
            print("cancelled", scope.cancelled_caught)
            g.stop()

        trio.run(main)
    """)
    lines = client.finish(0)
    assert "8 10" in lines and "cancelled True" in lines
    service.interrupt(signal.SIGTERM)
    service.expect("ended")
    service.finish(0)


def test_coroutines_run_without_a_loop_of_the_application(programs):
    programs(SERVICE.replace("@callback\n    def echo", "@callback\n    async def echo")).expect("up")
    assert "3" in programs("""
        from daffi import FG, Global
        with Global(unix_sock_path=SOCKET) as g:
            print(g.call.echo(3) & FG)
    """).finish(0)


def test_log_lines_go_where_the_application_wants_them(programs):
    lines = programs("""
        import logging
        from daffi import Global
        logging.basicConfig(level=logging.INFO)
        Global("one", init_controller=True, unix_sock_path=SOCKET).stop()
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("mine %(name)s %(message)s"))
        logging.getLogger("daffi").addHandler(handler)
        logging.getLogger("daffi").propagate = False
        Global("two", init_controller=True, unix_sock_path=SOCKET).stop()
    """, log="info").finish(0)
    ours = [line for line in lines if "one started" in line]
    assert len(ours) == 1 and ours[0].startswith("INFO:    20") and " | daffi.global | " in ours[0]
    assert [line for line in lines if "two started" in line and line.startswith("mine daffi.global")]


def test_waits_end_in_time(programs):
    lines = programs("""
        import asyncio, builtins
        from daffi import Global
        from daffi.exceptions import TimeoutError
        g = Global("me", init_controller=True, unix_sock_path=SOCKET)
        g.wait_process("me")
        for wait in (g.wait_process, g.wait_function):
            try:
                wait("nobody", timeout=0.01)
            except builtins.TimeoutError as error:
                print("late", type(error) is TimeoutError)
        async def main():
            try:
                await g.wait_function_async("nothing", timeout=0.01)
            except TimeoutError:
                print("late async")
        asyncio.run(main())
        g.stop()
    """).finish(0)
    assert lines.count("late True") == 2 and "late async" in lines


def test_a_callback_may_call_before_its_own_global_is_complete(programs):
    service = programs("""
        from daffi import FG, Global
        from daffi.decorators import callback

        @callback
        def half(value):
            return value // 2

        g = Global("service", init_controller=True, unix_sock_path=SOCKET)
        print("up")
        g.wait_function("quarter")
        print("quarter", g.call.quarter(12) & FG)
    """)
    service.expect("up")
    early = programs("""
        import threading
        from daffi import FG, Global
        from daffi.decorators import callback

        entered = threading.Event()

        @callback
        def quarter(value):
            entered.set()
            return quarter.g.call.half(quarter.g.call.half(value) & FG) & FG

        class Late(Global):
            def _starts_with(self, on_init):
                begin = super()._starts_with(on_init)
                def run(process_name):
                    entered.wait(30)
                    begin(process_name)
                return run

        Late("early", unix_sock_path=SOCKET)
    """, log="info")
    service.expect("quarter 3")
    early.expect("keeps serving")
    early.interrupt(15)
    early.finish(0)


def test_join_returns_at_once_when_it_was_stopped_before(programs):
    lines = programs("""
        import asyncio
        from daffi import Global
        g = Global(init_controller=True, unix_sock_path=SOCKET)
        g.stop()
        g.join()
        asyncio.run(g.join_async())
        print("joined twice")
    """).finish(0)
    assert lines == ["joined twice"]


def test_a_global_may_be_made_when_main_has_ended(programs):
    program = programs(
        """
        import threading
        from daffi import Global

        def late():
            threading.main_thread().join()
            g = Global(init_controller=True, unix_sock_path=SOCKET)
            print("is up", flush=True)
            g.stop()

        threading.Thread(target=late).start()
        """
    )
    program.expect("is up")
    program.finish()


def test_the_warning_of_a_blocked_loop_points_at_the_users_line(programs):
    client = programs("""
        import asyncio
        from daffi import FG, Global
        from daffi.decorators import callback, fetcher

        @callback
        def add(a, b):
            return a + b

        @fetcher(FG(receiver="me"))
        def add_there(a, b):
            pass
        add_there.alias = "add"

        async def main():
            return add_there(1, 2)  # the line

        g = Global(process_name="me", init_controller=True, unix_sock_path=SOCKET)
        print(asyncio.run(main()))
        g.stop()
    """)
    line = client.expect("RuntimeWarning")
    assert "program0.py" in line
    assert "# the line" in client.expect("return")
    client.expect("3")
    client.finish(0)
