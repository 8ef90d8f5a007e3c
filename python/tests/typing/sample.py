"""What users write, checked by mypy and pyright, and run: each assertion of a type is one of its value's too."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from typing_extensions import assert_type

import daffi
from daffi import BG, BROADCAST, FG, PERIOD, AsyncResult, Global, ScheduledTask, current_call
from daffi.async_result import IterableAsyncResult, SchedulerTask
from daffi.decorators import __body_unknown__, alias, callback, fetcher, local
from daffi.exceptions import (
    BusyError,
    CancelledError,
    DaffiError,
    GlobalContextError,
    InitializationError,
    NotPermittedError,
    ProtocolError,
    RemoteCallError,
    RemoteStoppedUnexpectedly,
    TimeoutError,
    TooLargeError,
    UnableToFindCandidate,
)
from daffi.registry import Args, Callback, Fetcher
from daffi.testing import Cluster, Node

HERE = FG(timeout="30s", receiver="sample", balance="sticky", key="k")


@callback
def add(a: int, b: int = 0) -> int:
    return a + b


@alias("shout")
@callback
async def loud(text: str) -> str:
    call = current_call()
    assert call is not None and not call.cancelled
    assert_type(call.caller, str)
    assert_type(call.remaining, "float | None")
    return text.upper()


@callback
def count(to: int) -> Iterator[int]:
    yield from range(to)


@callback
def fail() -> None:
    raise KeyError("nothing")


class Store(Callback):
    auto_init = True

    def __post_init__(self) -> None:
        self.kept: list[str] = []

    def keep(self, thing: str, *, twice: bool = False) -> int:
        self.kept.extend([thing] * (2 if twice else 1))
        return self.size()

    @local
    def size(self) -> int:
        return len(self.kept)

    @staticmethod
    def name() -> str:
        return "store"

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    @alias("who_runs")
    def who(self) -> str:
        return self.g.process_name


class Client(Fetcher):
    exec_modifier = HERE
    tries: ClassVar[int] = 1

    def keep(self, thing: str, twice: bool = False) -> Any:
        return Args(thing, twice=twice)

    def name(self) -> Any:
        pass

    @fetcher
    def size_after(self, thing: str) -> Any:
        return Args(thing)

    @alias("add")
    @fetcher(BG(receiver="sample", timeout=30))
    def add_later(self, a: int, b: int) -> Any:
        pass

    @alias("keep")
    def keep_all(self, *things: str) -> Any:
        yield from things


@fetcher(HERE)
def shout(text: str) -> Any:
    return __body_unknown__(text)


@alias("shout")
@fetcher(exec_modifier=HERE)
async def shout_async(text: str) -> None:
    pass


@alias("add")
@fetcher
def plus(a: int, b: int) -> tuple[int, int]:
    return a, b


@fetcher(PERIOD(interval=timedelta(hours=1), receiver="sample"))
def later() -> None: ...


@callback
@fetcher
def proxied(value: int) -> int:
    return value


def twice(value: int) -> int:
    return 2 * value


async def slowly(value: str) -> bytes:
    return value.encode()


def letters(text: str) -> Generator[str, None, None]:
    yield from text


async def ticks() -> AsyncGenerator[float, None]:
    yield 0.5


def on_change(g: Global, name: str) -> None:
    assert isinstance(g, Global) and name


def calls(g: Global) -> None:
    assert_type(add(1, 2), int)
    assert_type(add.alias, str)
    assert add.wrapped(1, b=2) == 3 and add.g is g
    assert loud.alias == shout.alias == "shout"

    assert g.call.add(1, b=2) & HERE == 3
    assert (g.call.add & HERE)(1, 2) == 3
    assert shout("a") == "A"
    assert plus.call(2, 3, exec_modifier=HERE) == 5
    assert proxied.call(7, exec_modifier=HERE) == 7
    plus.exec_modifier = HERE
    assert plus(4, 5) == 9

    result: AsyncResult[int] = g.call.add(20, 1) & BG(timeout=30, eta=0.01, receiver="sample")
    assert_type(result.get(timeout=30), int)
    assert_type(result.ready, bool)
    assert_type(result.error, "Exception | None")
    assert result.uuid and result.func_name == "add"
    result.cancel()
    assert (g.call.add(1) & BG(return_result=False, receiver="sample")) is None

    stream: IterableAsyncResult[int] = g.call.count(3) & HERE
    assert [number + 1 for number in stream] == [1, 2, 3]
    with g.call.count(3) & HERE as closing:
        assert next(iter(closing)) == 0
    again: IterableAsyncResult[int] = g.call.count(2) & BG(receiver="sample")
    assert list(again.get(timeout=timedelta(seconds=30))) == [0, 1]

    client = Client()
    assert client.keep("coat", twice=True) == 2
    assert client.name() == "store"
    client.keep_all("hat", "scarf")
    client.size_after.alias = "keep"
    assert client.size_after.call("shoe", exec_modifier=HERE) == 5
    assert client.size_after("shirt") == 6
    assert_type(client.add_later.alias, str)
    assert client.add_later(1, 2).get() == 3
    assert g.call.who_runs() & HERE == "sample"


def tasks(g: Global) -> None:
    moment = datetime.now(timezone.utc) + timedelta(hours=1)
    task = g.call.add(1) & PERIOD(at_time=[moment, moment], receiver="sample")
    assert_type(task, ScheduledTask)
    assert SchedulerTask is ScheduledTask and task.process_name == "sample"
    (known,) = g.get_scheduled_tasks("sample")
    assert known["uuid"] == task.uuid and task.func_name == "add"
    assert_type(task.cancel(), bool)
    assert_type(g.cancel_scheduled_task_by_uuid("sample", task.uuid), bool)
    assert PERIOD(period="1m24s") != PERIOD(at_time=moment)


def errors(g: Global) -> None:
    try:
        _ = g.call.fail() & HERE
    except RemoteCallError as error:
        assert_type(error.message, str)
        assert_type(error.may_have_run, bool)
        assert_type(error.retryable, bool)
        assert isinstance(error.__cause__, KeyError)
    else:
        raise AssertionError
    try:
        g.wait_function("nothing", timeout=0.001)
    except TimeoutError as late:
        assert_type(late.results, "dict[str, Any] | None")
    try:
        _ = g.call.nothing() & BROADCAST(timeout=1, return_result=True)
    except GlobalContextError as unknown:
        assert isinstance(unknown, DaffiError)
    kinds: list[type[DaffiError]] = [
        BusyError, CancelledError, InitializationError, NotPermittedError, ProtocolError, RemoteStoppedUnexpectedly,
        TooLargeError, UnableToFindCandidate,
    ]  # fmt: skip
    assert all(issubclass(kind, DaffiError) for kind in kinds)


def transfers(g: Global) -> None:
    assert_type(g.transfer_and_call("sample", twice, 4), int)
    assert_type(g.transfer_and_call(remote_process="sample", func=slowly, value="a"), bytes)
    assert_type(g.transfer_and_call("sample", letters, "ab"), IterableAsyncResult[str])
    assert list(g.transfer_and_call("sample", ticks)) == [0.5]


async def asynchronous(g: Global) -> None:
    await g.wait_process_async("sample")
    await g.wait_function_async("shout", timeout="5s")
    assert await shout_async("b") == "B"
    result: AsyncResult[int] = g.call.add(1, 1) & BG(receiver="sample")
    assert_type(await result, int)
    assert_type(await result.get_async(), int)
    stream: IterableAsyncResult[int] = g.call.count(2) & BG(receiver="sample")
    assert [number async for number in stream] == [0, 1]
    again: IterableAsyncResult[int] = g.call.count(2) & BG(receiver="sample")
    assert [number async for number in await again.get_async()] == [0, 1]
    assert_type(await g.transfer_and_call_async("sample", slowly, "c"), bytes)


def in_tests() -> None:
    with Cluster() as cluster:
        service: Node = cluster.node("service")
        assert service.callback(twice)(2) == 4
        client = cluster.node("client", default_timeout=30)
        assert client.call.twice(21) & FG == 42
        outcome: dict[str, int] = client.call.twice(1) & BROADCAST
        assert outcome == {"service": 2} and cluster.controller.is_controller


def main() -> None:
    options: dict[str, Any] = {"grace": 1, "heartbeat": "5s", "drain_timeout": timedelta(seconds=1)}
    with Global(
        "sample",
        init_controller=True,
        unix_sock_path=sys.argv[1],
        on_init=on_change,
        on_node_connect=on_change,
        on_node_disconnect=on_change,
        **options,
    ) as g:
        assert_type(g, Global)
        assert_type(g.port, "int | None")
        assert_type(g.unix_sock_path, "str | None")
        assert_type(g.registered_callbacks, dict[str, list[str]])
        assert_type(g.stats, dict[str, int])
        assert g.connected and g.is_controller and daffi.Global is Global
        g.wait_process("sample")
        calls(g)
        tasks(g)
        errors(g)
        transfers(g)
        asyncio.run(asynchronous(g))
    g.join()
    in_tests()
    print("all of it")


if __name__ == "__main__":
    main()
