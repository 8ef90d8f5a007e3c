"""Streams: the items of callbacks that yield, and fetchers that yield calls."""

import asyncio
import threading

import pytest

from daffi import BG, BROADCAST, FG, PERIOD
from daffi.exceptions import GlobalContextError, RemoteCallError, TimeoutError


@pytest.fixture
def pair(cluster):
    service, client = cluster.node("service"), cluster.node("client")
    return service, client


def numbers(count):
    for number in range(count):
        yield number


# ---- callbacks that yield


def test_items_come_in_order(pair):
    service, client = pair
    service.callback(numbers)
    assert list(client.call.numbers(5000) & FG) == list(range(5000))


def test_an_empty_stream_ends_at_once(pair):
    service, client = pair
    service.callback(numbers)
    assert list(client.call.numbers(0) & FG) == []


def test_a_stream_is_used_once(pair):
    service, client = pair
    service.callback(numbers)
    stream = client.call.numbers(3) & BG
    assert list(stream.get()) == [0, 1, 2]
    with pytest.raises(GlobalContextError, match="already been used"):
        list(stream)
    with pytest.raises(GlobalContextError, match="already been used"):
        stream.get()


def test_items_are_taken_one_by_one_too(pair):
    service, client = pair
    service.callback(numbers)
    stream = client.call.numbers(4) & FG
    assert next(stream) == 0

    async def one():
        return await stream.__anext__()

    assert asyncio.run(one()) == 1
    assert list(stream) == [2, 3]


def test_leaving_early_ends_the_generator(pair):
    service, client = pair
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield "x" * 1000
        finally:
            closed.set()

    service.callback(endless)
    for _ in client.call.endless() & FG:
        break
    assert closed.wait(30)


def test_an_exception_comes_after_the_items_before_it(pair):
    service, client = pair

    def broken():
        yield from range(1000)
        raise KeyError("thousand")

    service.callback(broken)
    seen = []
    with pytest.raises(RemoteCallError, match="service") as caught:
        for item in client.call.broken() & FG:
            seen.append(item)
    assert seen == list(range(1000))
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_item_that_cannot_be_sent_is_an_error_with_its_reason(pair):
    service, client = pair

    def locks():
        yield 1
        yield threading.Lock()

    service.callback(locks)
    stream = iter(client.call.locks() & FG)
    assert next(stream) == 1
    with pytest.raises(RemoteCallError, match="lock"):
        next(stream)


def test_asynchronous_generators_stream(pair):
    service, client = pair

    async def ticks(count):
        for number in range(count):
            if number % 100 == 0:
                await asyncio.sleep(0)
            yield number

    service.callback(ticks)
    assert list(client.call.ticks(3000) & FG) == list(range(3000))


def test_leaving_early_ends_an_asynchronous_generator(pair):
    service, client = pair
    closed = threading.Event()

    async def endless():
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            closed.set()

    service.callback(endless)
    stream = client.call.endless() & FG
    assert next(iter(stream)) == 1
    stream.close()
    assert closed.wait(30)


def test_an_asynchronous_generator_that_waits_is_ended_at_once(pair):
    service, client = pair
    closed = threading.Event()

    async def stuck():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    service.callback(stuck)
    with client.call.stuck() & FG as stream:
        assert next(iter(stream)) == 1
    assert closed.wait(30)


def test_an_exception_of_an_asynchronous_generator(pair):
    service, client = pair

    async def broken():
        yield 1
        raise ValueError("no more")

    service.callback(broken)
    stream = iter(client.call.broken() & FG)
    assert next(stream) == 1
    with pytest.raises(RemoteCallError, match="no more"):
        next(stream)


def test_async_for_waits_without_blocking_the_loop(pair):
    service, client = pair
    go = threading.Event()

    def slow():
        yield 1
        go.wait(30)
        yield 2

    service.callback(slow)

    async def main():
        seen = []
        async for item in client.call.slow() & BG:
            seen.append(item)
            asyncio.get_running_loop().call_soon(go.set)
        return seen

    assert asyncio.run(main()) == [1, 2]


def test_get_async_gives_the_iterator(pair):
    service, client = pair
    service.callback(numbers)

    async def main():
        return [item async for item in await (client.call.numbers(10) & BG).get_async()]

    assert asyncio.run(main()) == list(range(10))


def test_the_timeout_is_that_of_the_whole_stream(pair):
    service, client = pair
    end = threading.Event()

    def slow():
        yield 1
        end.wait(30)
        yield 2

    service.callback(slow)
    stream = iter(client.call.slow() & FG(timeout=0.2))
    assert next(stream) == 1
    with pytest.raises(TimeoutError):
        next(stream)
    end.set()


def test_wrong_arguments_of_a_generator_are_told_before_it_runs(pair):
    service, client = pair
    service.callback(numbers)
    with pytest.raises(GlobalContextError, match="count"):
        client.call.numbers() & FG


@pytest.mark.parametrize("modifier", [BROADCAST, PERIOD(interval=5)])
def test_only_fg_and_bg_give_streams(pair, modifier):
    service, client = pair
    service.callback(numbers)
    with pytest.raises(GlobalContextError, match="yields"):
        client.call.numbers(1) & modifier


def test_current_call_is_known_while_a_generator_runs(pair):
    import daffi

    service, client = pair

    def who():
        yield daffi.current_call().caller
        yield daffi.current_call().caller

    service.callback(who)
    assert list(client.call.who() & FG) == ["client", "client"]


def test_values_of_every_kind_are_items(pair):
    service, client = pair
    given = [(1, 2), {"a": {1}}, b"x" * 100_000, None, 2**80]

    def kinds():
        yield from given

    service.callback(kinds)
    assert list(client.call.kinds() & FG) == given


def test_two_threads_do_not_take_from_one_stream(pair):
    service, client = pair
    end = threading.Event()

    def slow():
        yield 1
        end.wait(30)
        yield 2

    service.callback(slow)
    stream = iter(client.call.slow() & FG)
    assert next(stream) == 1
    taken = []

    def take():
        try:
            taken.append(next(stream))
        except ValueError as error:  # the other one waits already
            taken.append(str(error))
            end.set()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert taken == ["another thread is waiting for an item of this stream", 2]


# ---- fetchers that yield

RECEIVER = """
    import sys
    from daffi import Global
    from daffi.registry import Callback

    class Receiver(Callback):
        auto_init = True

        def __post_init__(self):
            self.items = []

        def take(self, item, extra=None):
            if item == "bad":
                raise ValueError("a bad item")
            self.items.append((item, extra))

        def taken(self):
            return self.items

    if __name__ == "__main__":
        g = Global(process_name=NAME, init_controller=CONTROLLER, unix_sock_path=SOCKET)
        print("up")
        g.join()
"""


@pytest.fixture
def receivers(programs):
    first = programs(RECEIVER, NAME="first", CONTROLLER=True)
    first.expect("up")
    second = programs(RECEIVER, NAME="second", CONTROLLER=False)
    second.expect("up")
    return first, second


def client_of(programs, body):
    return programs(
        """
        import asyncio
        from daffi import BG, BROADCAST, FG, Global
        from daffi.decorators import alias, fetcher
        from daffi.exceptions import *
        from daffi.registry import Args, Fetcher
        g = Global(unix_sock_path=SOCKET)
        for name in ("first", "second"):
            g.wait_process(name)
        def taken(process):
            return g.call.taken() & FG(receiver=process)
"""
        + body
    )


def test_each_item_is_one_call_at_every_holder(programs, receivers):
    client = client_of(programs, """
        @fetcher
        def take(count):
            for number in range(count):
                yield number
            yield "last", 7
            yield Args("args", extra=8)
        print("gave", take(1000))
        expected = [(n, None) for n in range(1000)] + [("last", 7), ("args", 8)]
        print([taken(each) == expected for each in ("first", "second")])
    """)
    client.expect("gave None")
    client.expect("[True, True]")
    client.finish()


def test_a_receiver_restricts_it_to_one(programs, receivers):
    client = client_of(programs, """
        class Stream(Fetcher):
            exec_modifier = FG(receiver="second")
            def take(self, items):
                yield from items
        Stream().take(["a", "b"])
        print(taken("first"), taken("second"))
    """)
    client.expect("[] [('a', None), ('b', None)]")
    client.finish()


def test_in_the_background_and_from_coroutines(programs, receivers):
    client = client_of(programs, """
        @fetcher(BG)
        def take(items):
            yield from items
        print("bg", take(["a"]).get())

        @alias("take")
        @fetcher
        async def take_async(items):
            for item in items:
                await asyncio.sleep(0)
                yield item
        async def main():
            print("async", await take_async(["b", "c"]))
        asyncio.run(main())
        print([item for item, _ in taken("first")])
    """)
    client.expect("bg None")
    client.expect("async None")
    client.expect("['a', 'b', 'c']")
    client.finish()


def test_nothing_to_stream_is_an_error(programs, receivers):
    client = client_of(programs, """
        @fetcher
        def take():
            return
            yield
        try:
            take()
        except InitializationError as error:
            print("told:", error)
    """)
    client.expect("told: Stream is empty")
    client.finish()


def test_an_error_at_a_receiver_names_it_and_ends_the_stream(programs, receivers):
    client = client_of(programs, """
        ended = []
        @alias("take")
        @fetcher(FG(receiver="second"))
        def stream():
            try:
                yield "good"
                yield "bad"
                while True:
                    yield "more"
            finally:
                ended.append(True)
        try:
            stream()
        except RemoteCallError as error:
            print("told:", error, repr(error.__cause__), ended)
    """)
    line = client.expect("told:")
    assert "second" in line and "ValueError('a bad item')" in line and "[True]" in line
    client.finish()


def test_an_error_of_the_body_is_its_callers(programs, receivers):
    client = client_of(programs, """
        class Own(Exception):
            pass
        @fetcher
        def take():
            yield 1
            raise Own("from the body")
        try:
            take()
        except Own as error:
            print("told:", error)
        try:
            (take.call(exec_modifier=BG)).get()
        except Own as error:
            print("in the background:", error)
    """)
    client.expect("told: from the body")
    client.expect("in the background: from the body")
    client.finish()


def test_fetchers_that_yield_take_fg_and_bg_only(programs, receivers):
    client = client_of(programs, """
        @fetcher(BROADCAST)
        def take():
            yield 1
        try:
            take()
        except GlobalContextError as error:
            print("told:", error)
    """)
    client.expect("told: the fetcher of 'take' yields")
    client.finish()
