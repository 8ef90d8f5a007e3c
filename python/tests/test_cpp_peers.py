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
        env = dict(os.environ, DAFFI_COOKIE_FILE=str(tmp_path / "cookie"))
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
