"""C++ programs on the other side."""

import os
import pathlib

import pytest


EXAMPLES = pathlib.Path(os.environ.get("DAFFI_EXAMPLES", "nowhere"))

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the C++ examples are not built")


@pytest.fixture
def cpp(tmp_path):
    """Starts a C++ example on the tests' socket."""
    from conftest import Program

    started = []

    def start(name):
        env = dict(os.environ, DAFFI_LOG="warning", DAFFI_COOKIE_FILE=str(tmp_path / "cookie"))
        started.append(Program([str(EXAMPLES / name), "--unix-sock-path", str(tmp_path / "s")], tmp_path, env))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def test_a_cpp_service_called_from_python(cpp, programs):
    cpp("calculator_functions_service").expect("listening on")
    lines = programs("""
        from daffi import FG, Global
        from daffi.exceptions import GlobalContextError, RemoteCallError
        g = Global(unix_sock_path=SOCKET)
        g.wait_function("calculate_sum")
        print("sum", g.call.calculate_sum(1, 2, 3) & FG)
        try:
            g.call.calculate_sum("x") & FG
        except RemoteCallError as error:
            print("refused", error)
        g.stop()
    """).finish(0)
    assert "sum 6" in lines
    assert any(line.startswith("refused") and "expected integer, got str" in line for line in lines)


def test_a_python_service_called_from_cpp(cpp, programs):
    programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def calculate_sum(*numbers):
            return sum(numbers)

        Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
    """).expect("up")
    lines = cpp("calculator_client").finish(0)
    assert any("3" in line for line in lines) and any("60" in line for line in lines)


def test_a_cpp_generator_iterated_in_python(cpp, programs):
    service = cpp("generator_service")
    service.expect("listening on")
    lines = programs("""
        import asyncio
        from daffi import FG, Global
        g = Global(unix_sock_path=SOCKET)
        print("all", list(g.call.generate_stream(1000) & FG) == list(range(1000)))
        print("named", list(g.call.generate_stream(end=3) & FG))
        for tick in g.call.ticks(1) & FG:
            print(tick)
            break
        async def main():
            return [item async for item in g.call.generate_stream(5) & FG]
        print("async", asyncio.run(main()))
    """).finish(0)
    assert lines == ["all True", "named [0, 1, 2]", "tick 1", "async [0, 1, 2, 3, 4]"]
    service.expect("Nobody listens any more")


def test_a_python_generator_iterated_in_cpp(cpp, programs):
    service = programs("""
        import itertools
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def generate_stream(end):
            yield from range(end)

        @callback
        async def ticks(milliseconds):
            try:
                for number in itertools.count(1):
                    yield f"tick {number}"
            finally:
                print("left")

        Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
    """)
    service.expect("up")
    lines = cpp("generator_client").finish(0)
    assert lines[-5:] == ["The last item is 999", "Their sum is 499500", "tick 1", "tick 2", "tick 3"]
    service.expect("left")


def test_python_streams_to_a_cpp_callback(cpp, programs):
    cpp("stream_service").expect("listening on")
    lines = programs("""
        from daffi import FG, Global
        from daffi.decorators import fetcher
        from daffi.exceptions import RemoteCallError
        g = Global(unix_sock_path=SOCKET)

        @fetcher
        def stream_to_service(items):
            for item in items:
                yield item, "python"

        stream_to_service(range(1000))
        print("same", (g.call.get_items() & FG) == list(range(1000)))
        try:
            stream_to_service(["no number"])
        except RemoteCallError as error:
            print("refused", error)
    """).finish(0)
    assert lines[0] == "same True"
    assert "expected integer, got str" in lines[1]


def test_cpp_streams_to_a_python_callback(cpp, programs):
    programs("""
        from daffi import Global
        from daffi.registry import Callback

        class Streamer(Callback):
            auto_init = True

            def __post_init__(self):
                self.items = []

            def stream_to_service(self, item, process_name):
                self.items.append(item)

            def get_items(self):
                return self.items

        Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
    """).expect("up")
    assert cpp("stream_client").finish(0)[-1] == "The service has 100 items, from 0 to 99"


def test_a_broadcast_reaches_both_languages(cpp, programs):
    cpp("burger_menu_service").expect("listening on")
    programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def get_menu():
            raise LookupError("sold out")

        Global(process_name="python menu", unix_sock_path=SOCKET)
        print("up")
    """).expect("up")
    (line,) = programs("""
        from daffi import BROADCAST, Global
        g = Global(unix_sock_path=SOCKET)
        outcomes = g.call.get_menu() & BROADCAST(timeout=20)
        print(outcomes["burger menu"], repr(outcomes["python menu"].__cause__))
    """).finish(0)
    assert line == "['Smash', 'Cheese', 'Double', 'Veggie'] LookupError('sold out')"


def test_python_schedules_at_a_cpp_process(cpp, programs):
    service = cpp("scheduler_service")
    service.expect("listening on")
    lines = programs("""
        from daffi import Global, PERIOD
        g = Global(unix_sock_path=SOCKET)
        g.wait_function("water_plants")
        task = g.call.water_plants() & PERIOD(interval="50 ms")
        print([each["func_name"] for each in g.get_scheduled_tasks("greenhouse")])
        print(task.process_name)
        import threading
        threading.Event().wait(0.3)
        print(task.cancel(), task.cancel())
    """).finish(0)
    assert lines == ["['water_plants']", "greenhouse", "True False"]
    service.expect("watering, round 2")


def test_cpp_schedules_at_a_python_process(cpp, programs):
    service = programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def water_plants():
            print("watering")

        @callback
        def open_window(which):
            print("opening", which)

        Global(process_name="greenhouse", init_controller=True, unix_sock_path=SOCKET)
        print("up")
    """)
    service.expect("up")
    lines = cpp("scheduler_client").finish(0)
    assert lines[-3:] == ["stopped watering: yes", "and again: no", "scheduled open_window at greenhouse"]
    service.expect("watering")
    service.expect("opening north")
    service.expect("opening north")


def test_cpp_sends_python_source(cpp, programs):
    programs("""
        from daffi import Global
        g = Global(process_name="remote executor", init_controller=True, unix_sock_path=SOCKET)
        print("up")
        g.join()
    """).expect("up")
    lines = cpp("source_client").finish(0)
    assert "Mean: 3" in lines
    assert "the source has no function 'median'" in lines[-1]


def test_what_a_cpp_process_cannot_run_is_told(cpp, programs):
    cpp("executor").expect("listening on")
    (line,) = programs("""
        from daffi import Global
        from daffi.exceptions import RemoteCallError
        g = Global(unix_sock_path=SOCKET)
        g.wait_process("remote executor")
        try:
            g.transfer_and_call("remote executor", lambda: 1)
        except RemoteCallError as error:
            print("refused", error)
    """).finish(0)
    assert "python-function" in line and "elf" in line


def test_the_command_calls_python(programs, tmp_path):
    import subprocess

    programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def divide(dividend, divisor=2, *, rounded: bool = False):
            "Divides."
            result = dividend / divisor
            return {"result": round(result) if rounded else result}

        @callback
        def letters(word):
            yield from word

        Global(process_name="python", init_controller=True, unix_sock_path=SOCKET)
        print("up")
    """).expect("up")
    env = dict(os.environ, DAFFI_COOKIE_FILE=str(tmp_path / "cookie"), DAFFI_UNIX_SOCK_PATH=str(tmp_path / "s"))

    def daffi(*arguments):
        command = [str(EXAMPLES.parent / "bin" / "daffi"), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=40)

    assert daffi("call", "divide", "9", "4").stdout == '{\n  "result": 2.25\n}\n'
    assert daffi("call", "--stream", "letters", '"ab"').stdout == '"a"\n"b"\n'
    assert "divide(dividend, divisor=2, *, rounded: bool = False)" in daffi("ls").stdout
    failed = daffi("call", "divide", "1", "0")
    assert failed.returncode != 0 and "ZeroDivisionError" in failed.stderr
