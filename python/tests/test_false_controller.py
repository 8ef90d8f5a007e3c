"""A controller that is none of ours: what a process takes of it, in arguments and in results, and what it never runs."""

import struct

import pytest

from daffi import _core
from false_controller import ERROR, RESULT, FalseController

ARGUMENTS = b"\x91%b\x80"


class Trap:
    """Its pickle leaves a file where it was read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def liar():
    made = FalseController()
    yield made
    made.close()


SERVICE = """
    from daffi import Global
    from daffi.decorators import callback

    @callback
    def echo(value):
        return value

    @callback
    def named(**values):
        return len(values)

    g = Global("service", host="127.0.0.1", port=PORT)
    print("up")
    g.join()
"""


def error_of(answer):
    kind, payload = answer
    assert kind == ERROR, kind
    code, length = struct.unpack_from("<HH", payload)
    return code, payload[4:4 + length].decode()


def test_a_pickle_of_its_word_is_refused_before_it_is_looked_at(liar, programs, tmp_path):
    trap = tmp_path / "sprung"
    service = programs(SERVICE, PORT=liar.port)
    liar.accept()
    service.expect("up")
    encoded = _core.encode(Trap(str(trap)))
    assert b"sprung" in encoded
    code, words = error_of(liar.call("echo", ARGUMENTS % encoded))
    assert "may not send pickled values" in words
    # Inside of other values, too.
    code, words = error_of(liar.call("echo", ARGUMENTS % (b"\x91" + encoded)))
    assert not trap.exists()
    assert liar.call("echo", ARGUMENTS % b"\x05") == (RESULT, b"\x05")


def test_a_pickle_in_a_result_is_refused_before_it_is_looked_at(liar, programs, tmp_path):
    trap = tmp_path / "sprung"
    client = programs("""
        from daffi import FG, Global
        from daffi.exceptions import NotPermittedError
        g = Global("client", host="127.0.0.1", port=PORT)
        try:
            print("given", g.call.give() & FG)
        except NotPermittedError as error:
            print("refused", error)
        print("then", g.call.give() & FG)
        g.stop()
    """, PORT=liar.port)
    liar.accept(offers=["give"])
    liar.answer(_core.encode(Trap(str(trap))))
    assert "'boss' may not send pickled values" in client.expect("refused")
    liar.answer(b"\x07")
    client.expect("then 7")
    assert not trap.exists()


NOT_A_VALUE = [
    b"", b"\xc1", b"\x91" * 10000 + b"\xc0", b"\x81\xa1k" * 10000 + b"\xc0", b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x0f", b"\xa2\xc3\x28",
    b"\x82\xa1k\x01\xa1k\x02", b"\x82\x01\x01\xc3\x02", b"\x81\x90\x01", b"\xc7\x03\x03\x92\x90\x90", b"\xc7\x03\x02\x91\x01\x01", b"\x01\x02", b"\xc7\x01\x02\xc1", b"\xc7\x02\x0f\x03\x0b", b"\xc7\x03\x06abc",
]  # fmt: skip


def test_arguments_that_are_no_values_are_typed_errors_and_nothing_else_happens(liar, programs):
    service = programs(SERVICE, PORT=liar.port)
    liar.accept()
    service.expect("up")
    for bad in NOT_A_VALUE:
        code, words = error_of(liar.call("echo", ARGUMENTS % bad))
        assert code != 0 and words, bad[:20]
    error_of(liar.call("named", b"\x90\x82\xa1a\x01\xa1a\x02"))
    error_of(liar.call("named", b"\x90\x81\xa2\xc3\x28\x01"))
    assert liar.call("echo", ARGUMENTS % b"\x05") == (RESULT, b"\x05")


def test_results_that_are_no_values_are_typed_errors_and_nothing_else_happens(liar, programs):
    client = programs("""
        from daffi import FG, Global
        from daffi.exceptions import DaffiError
        g = Global("client", host="127.0.0.1", port=PORT)
        for _ in range(COUNT):
            try:
                print("given", g.call.give() & FG)
            except DaffiError as error:
                print("error", error.may_have_run, type(error).__name__)
        print("then", g.call.give() & FG)
        g.stop()
    """, PORT=liar.port, COUNT=len(NOT_A_VALUE))
    liar.accept(offers=["give"])
    for bad in NOT_A_VALUE:
        liar.answer(bad)
        assert client.expect("").startswith("error True"), bad[:20]
    liar.answer(b"\x07")
    client.expect("then 7")
