"""BROADCAST: everybody answers, and who fails is told apart."""

import asyncio
import threading

import pytest

from daffi import BG, BROADCAST, _calling
from daffi.exceptions import DaffiError, GlobalContextError, RemoteCallError, TimeoutError


@pytest.fixture
def menus(cluster):
    burger, hotdog, client = (cluster.node(name) for name in ("burger menu", "hotdog menu", "client"))
    burger.callback(lambda: ["The IceBurg"], "get_menu")
    hotdog.callback(lambda: ("Wiener", {"Weenie"}), "get_menu")
    for name in ("burger menu", "hotdog menu"):
        client.wait_process(name)
    client.burger, client.hotdog = burger, hotdog
    return client


def offer(client, node, function, name):
    node.callback(function, name)
    assert name in client.registered_callbacks[node.process_name]


def test_nobody_holds_it(menus):
    with pytest.raises(GlobalContextError):
        menus.call.nothing() & BROADCAST


def test_each_process_has_its_result(menus):
    for node in (menus.burger, menus.hotdog):
        offer(menus, node, lambda: node.process_name, "who")
    assert menus.call.get_menu() & BROADCAST == {"burger menu": ["The IceBurg"], "hotdog menu": ("Wiener", {"Weenie"})}


def fail():
    raise ValueError("sold out")


def test_a_process_that_fails_is_there_with_its_error(menus):
    offer(menus, menus.burger, fail, "order")
    offer(menus, menus.hotdog, lambda: 1, "order")
    outcomes = menus.call.order() & BROADCAST(timeout=20)
    assert outcomes["hotdog menu"] == 1
    error = outcomes["burger menu"]
    assert isinstance(error, DaffiError) and isinstance(error, RemoteCallError)
    assert type(error.__cause__) is ValueError


def test_when_time_runs_out_what_has_arrived_goes_with_the_error(menus):
    release = threading.Event()
    offer(menus, menus.burger, lambda: release.wait(20), "cook")
    offer(menus, menus.hotdog, lambda: "done", "cook")
    with pytest.raises(TimeoutError) as caught:
        menus.call.cook() & BROADCAST(timeout=0.5)
    release.set()
    assert caught.value.results["hotdog menu"] == "done"


def test_the_same_when_it_is_awaited(menus):
    release = threading.Event()
    offer(menus, menus.burger, lambda: release.wait(20), "cook")
    offer(menus, menus.hotdog, lambda: "done", "cook")

    async def cook():
        await _calling.call_async(menus._live_core(), "cook", (), None, BROADCAST(timeout=0.5))

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(cook())
    release.set()
    assert caught.value.results["hotdog menu"] == "done"


def test_without_results_it_gives_nothing(menus):
    came = threading.Barrier(3)
    for node in (menus.burger, menus.hotdog):
        offer(menus, node, lambda: came.wait(20), "come")
    assert menus.call.come() & BROADCAST(return_result=False) is None
    came.wait(20)


def test_a_background_call_goes_to_one(menus):
    assert (menus.call.get_menu() & BG).get(20) in (["The IceBurg"], ("Wiener", {"Weenie"}))
