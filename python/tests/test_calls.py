"""Calls: results, errors, time, and what is refused before anything is sent."""

import builtins
import datetime
import threading

import pytest

from daffi import BG, FG, PERIOD, current_call
from daffi.exceptions import (
    CancelledError,
    DaffiError,
    GlobalContextError,
    RemoteCallError,
    RemoteStoppedUnexpectedly,
    TimeoutError,
)
from daffi.modifiers import nanoseconds


@pytest.fixture
def pair(cluster):
    service, client = cluster.node("service"), cluster.node("client")

    def offer(function, name=None):
        service.callback(function, name)
        client.wait_function(name or function.__name__)

    client.offer = offer
    client.service = service
    return client


def add(a, b=2, *, c=0, **rest):
    return a + b + c + sum(rest.values())


def test_positional_and_keyword_arguments(pair):
    pair.offer(add)
    assert pair.call.add(1) & FG == 3
    assert pair.call.add(1, 5, c=4, z=10) & FG() == 20
    assert pair.call.add(b=1, a=1) & FG(timeout="5s") == 2
    assert (pair.call.add & FG)(1, 1) == 2
    lazy = pair.call.add(1)
    assert [lazy & FG, lazy & FG] == [3, 3]


def test_a_result_that_no_operator_gives_is_told_apart_from_a_wrong_modifier(pair):
    ran = []

    def nothing_of_the_kind():
        ran.append(1)
        return NotImplemented

    pair.offer(nothing_of_the_kind)
    assert (pair.call.nothing_of_the_kind & FG)() is NotImplemented
    assert (pair.call.nothing_of_the_kind() & BG).get() is NotImplemented
    with pytest.raises(RemoteCallError, match="has run and gave NotImplemented") as caught:
        pair.call.nothing_of_the_kind() & FG
    assert caught.value.may_have_run
    assert len(ran) == 3


def test_anything_else_behind_the_ampersand_is_refused(pair):
    for other in (None, 3, int, "FG"):
        with pytest.raises(GlobalContextError, match="FG, BG, PERIOD, BROADCAST"):
            pair.call.add(1) & other


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda g: g.call.one(), "one() missing 1 required positional argument: 'a'"),
        (lambda g: g.call.one(1, 2), "one() takes 1 positional argument but 2 were given"),
        (lambda g: g.call.one(1, x=2), "one() got an unexpected keyword argument 'x'"),
        (lambda g: g.call.one(1, a=2), "one() got multiple values for argument 'a'"),
    ],
)
def test_wrong_arguments_are_found_before_anything_is_sent(pair, call, words):
    def one(a):
        return a

    pair.offer(one)
    with pytest.raises(GlobalContextError) as caught:
        call(pair) & FG
    assert words in str(caught.value)
    assert "Function signature: def one(a)" in str(caught.value) and "provided arguments: (" in str(caught.value)
    assert not caught.value.may_have_run


def test_keyword_only_arguments_are_asked_for_by_name(pair):
    def named(a, *, key):
        return a, key

    pair.offer(named)
    assert pair.call.named(1, key=2) & FG == (1, 2)
    with pytest.raises(GlobalContextError, match="missing 1 required keyword-only argument: 'key'"):
        pair.call.named(1) & FG
    with pytest.raises(GlobalContextError, match="takes 1 positional argument but 2 were given"):
        pair.call.named(1, 2) & FG


def test_an_unknown_function_lists_what_there_is(pair):
    pair.offer(add)
    with pytest.raises(GlobalContextError) as caught:
        pair.call.nothing() & FG
    assert "process: service\n  - [ add ]" in str(caught.value)


class OwnError(Exception):
    def __init__(self, text, number):
        super().__init__(text, number)
        self.number = number


def test_a_remote_exception_is_the_cause_of_its_own_type(pair):
    def fail():
        raise OwnError("bad luck", 13)

    pair.offer(fail)
    with pytest.raises(RemoteCallError) as caught:
        pair.call.fail() & FG
    error = caught.value
    assert str(error).startswith("Exception while processing function 'fail' on remote executor [service]. ")
    assert "bad luck" in str(error) and error.may_have_run and isinstance(error, DaffiError)
    assert type(error.__cause__) is OwnError and error.__cause__.number == 13
    assert "in fail" in error.__notes__[0] and "OwnError" in error.__notes__[0]


def test_an_exception_of_an_unknown_type_gets_a_stand_in(pair):
    def fail():
        raise type("Local", (Exception,), {})("only there")

    pair.offer(fail)
    with pytest.raises(RemoteCallError, match="only there") as caught:
        pair.call.fail() & FG
    assert "Local" in str(caught.value.__cause__)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_no_exception_takes_the_callee_down(pair, kind):
    def leave():
        raise kind("now")

    pair.offer(leave)
    pair.offer(add)
    with pytest.raises(RemoteCallError) as caught:
        pair.call.leave() & FG
    assert type(caught.value.__cause__) is kind
    assert pair.call.add(1) & FG == 3


def test_an_exception_with_arguments_that_cannot_be_sent(pair):
    def fail():
        raise ValueError(threading.Lock())

    pair.offer(fail)
    with pytest.raises(RemoteCallError, match="lock"):
        pair.call.fail() & FG


def test_background_results_can_be_asked_again(pair):
    release = threading.Event()

    def wait(value):
        release.wait(20)
        return value

    pair.offer(wait)
    later = pair.call.wait(None) & BG
    assert not later.ready and later.error is None and later.func_name == "wait"
    with pytest.raises(TimeoutError):
        later.get(timeout=0.01)
    release.set()
    assert later.get() is None and later.get() is None and later.ready
    assert later.uuid != (pair.call.wait(1) & BG).uuid


def test_a_timeout_ends_the_call_and_says_so(pair):
    release = threading.Event()
    pair.offer(lambda: release.wait(20), "block")
    with pytest.raises(TimeoutError, match="Function block result timed out") as caught:
        pair.call.block() & FG(timeout=0.05)
    assert isinstance(caught.value, builtins.TimeoutError)
    release.set()


def test_cancelling_tells_the_callee(pair):
    begun, noticed = threading.Event(), threading.Event()

    def watch():
        begun.set()
        while not current_call().cancelled:
            noticed.wait(0.01)
        noticed.set()

    pair.offer(watch)
    later = pair.call.watch() & BG
    assert begun.wait(20)
    later.cancel()
    with pytest.raises(CancelledError):
        later.get()
    assert noticed.wait(20) and isinstance(later.error, CancelledError)


def test_coroutines_of_callbacks_are_cancelled_with_their_call(pair):
    begun, cancelled = threading.Event(), threading.Event()

    async def sleep():
        import asyncio

        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    pair.offer(sleep)
    later = pair.call.sleep() & BG
    assert begun.wait(20)
    later.cancel()
    assert cancelled.wait(20)


def test_a_callback_knows_its_call(pair):
    def who():
        about = current_call()
        return about.caller, about.remaining

    async def who_async():
        return current_call().caller

    pair.offer(who)
    pair.offer(who_async)
    caller, remaining = pair.call.who() & FG(timeout=30)
    assert caller == "client" and 0 < remaining <= 30
    assert (pair.call.who() & FG)[1] is None
    assert pair.call.who_async() & FG == "client"
    assert current_call() is None


def test_fire_and_forget_gives_nothing(pair):
    came = threading.Event()
    pair.offer(lambda: came.set(), "come")
    assert pair.call.come() & BG(return_result=False) is None
    assert came.wait(20)


def test_the_callee_that_stops_ends_its_calls(cluster):
    service, client = cluster.node("service"), cluster.node("client")
    begun, release = threading.Event(), threading.Event()

    def block():
        begun.set()
        release.wait(20)

    service.callback(block)
    client.wait_function("block")
    later = client.call.block() & BG
    assert begun.wait(20)
    service.stop(0)
    with pytest.raises(RemoteStoppedUnexpectedly, match="Remote process service stopped unexpectedly."):
        later.get(timeout=20)
    release.set()


def test_many_blocked_callbacks_do_not_delay_the_next(pair):
    release, all_in = threading.Event(), threading.Barrier(41)

    def block():
        all_in.wait(20)
        return release.wait(20)

    pair.offer(block)
    pair.offer(add)
    blocked = [pair.call.block() & BG for _ in range(40)]
    all_in.wait(20)
    assert pair.call.add(1, 1) & FG(timeout=10) == 2
    release.set()
    assert all(each.get(timeout=20) for each in blocked)


def test_callbacks_call_others_and_wait(pair):
    pair.callback(add, "back")
    pair.service.wait_function("back")
    pair.offer(lambda x: pair.service.call.back(x, x) & FG, "there")
    assert pair.call.there(4) & FG == 8


def test_a_stopped_global_takes_no_calls(cluster):
    node = cluster.node()
    node.stop()
    node.stop()
    with pytest.raises(GlobalContextError, match="Global can no longer accept remote calls because it was stopped"):
        node.call.anything() & FG


@pytest.mark.parametrize("value", [-1, "5 apples", object(), True, "-3s"])
def test_durations_that_are_none_are_refused(value):
    with pytest.raises(GlobalContextError):
        FG(timeout=value)


@pytest.mark.parametrize(
    "value, seconds",
    [("5s", 5), ("1m24s", 84), ("1.2 minutes", 72), ("90", 90), ("1 h 30 m", 5400), (0.5, 0.5), (None, 0), (0, 0),
     (datetime.timedelta(minutes=1), 60)],
)  # fmt: skip
def test_durations_of_many_spellings(value, seconds):
    assert nanoseconds(value, "x") == seconds * 10**9


def test_modifiers_are_values():
    assert FG(timeout=3) == FG(timeout=3) != BG(timeout=3)
    assert FG(timeout=3).timeout == 3 and BG().return_result is True
    assert PERIOD(interval=5) == PERIOD(period=5)
    assert len({FG(), FG(), BG()}) == 2
