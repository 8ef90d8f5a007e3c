"""PERIOD: tasks that a process runs later, or again and again."""

import datetime
import threading
import time

import pytest

from daffi import FG, PERIOD
from daffi.async_result import ScheduledTask, SchedulerTask
from daffi.exceptions import GlobalContextError, InitializationError, RemoteCallError, UnableToFindCandidate


@pytest.fixture
def pair(cluster):
    service, client = cluster.node("service"), cluster.node("client")
    runs = []
    ran = threading.Semaphore(0)

    def tick(*args, **kwargs):
        runs.append((args, kwargs))
        ran.release()

    service.callback(tick)
    return client, runs, ran


def test_an_interval_runs_until_it_is_cancelled(pair):
    client, runs, ran = pair
    task = client.call.tick(1, two=2) & PERIOD(interval=0.05)
    assert isinstance(task, ScheduledTask) and SchedulerTask is ScheduledTask
    assert task.func_name == "tick"
    for _ in range(3):
        assert ran.acquire(timeout=30)
    assert runs[:3] == [((1,), {"two": 2})] * 3
    assert client.get_scheduled_tasks("service") == [{"condition": "period", "func_name": "tick", "uuid": task.uuid}]
    assert task.cancel() is True
    assert task.cancel() is False
    assert client.get_scheduled_tasks("service") == []


def test_moments_run_once_each(pair):
    client, runs, ran = pair
    now = datetime.datetime.utcnow().timestamp()
    task = client.call.tick("now") & PERIOD(at_time=[now + 0.3, now + 3600])
    assert ran.acquire(timeout=30)
    (left,) = client.get_scheduled_tasks("service")
    assert left == {"condition": "at_time", "func_name": "tick", "uuid": task.uuid, "number_of_active_tasks": 1}
    assert client.cancel_scheduled_task_by_uuid("service", task.uuid) is True


def test_aware_datetimes_are_taken_as_they_are(pair):
    client, runs, ran = pair
    zone = datetime.timezone(datetime.timedelta(hours=5))
    client.call.tick() & PERIOD(at_time=datetime.datetime.now(zone) + datetime.timedelta(milliseconds=200))
    assert ran.acquire(timeout=30)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(), "at_time or interval"),
        (dict(at_time=4e9, interval=5), "not both"),
        (dict(interval=0), "zero"),
        (dict(at_time=[4e9, 1.0]), "number 2 of 2"),
        (dict(at_time="noon"), "noon"),
    ],
)
def test_what_period_does_not_take(wrong, words):
    with pytest.raises(InitializationError, match=words):
        PERIOD(**wrong)


def test_the_class_alone_says_nothing_of_when(pair):
    client, _, _ = pair
    with pytest.raises(InitializationError, match="at_time or interval"):
        client.call.tick() & PERIOD


@pytest.mark.parametrize("text, seconds", [("5s", 5), ("1m24s", 84), ("1.2 minutes", 72), ("90", 90), ("1 h 30 m", 5400)])
def test_the_grammar_of_intervals(text, seconds):
    assert PERIOD(interval=text)._length == seconds * 10**9
    assert PERIOD(period=text)._length == seconds * 10**9


def test_a_uuid_that_never_was(pair):
    client, _, _ = pair
    with pytest.raises(RemoteCallError):
        client.cancel_scheduled_task_by_uuid("service", "0" * 32)


def test_a_process_that_is_not_there(pair):
    client, _, _ = pair
    with pytest.raises(UnableToFindCandidate):
        client.get_scheduled_tasks("nobody")
    with pytest.raises(UnableToFindCandidate):
        client.cancel_scheduled_task_by_uuid("nobody", "x")


def test_an_unknown_callback_is_refused(pair):
    client, _, _ = pair
    with pytest.raises(GlobalContextError, match="nothing"):
        client.call.nothing() & PERIOD(interval=1)


def test_a_failing_run_does_not_end_the_task(cluster):
    service, client = cluster.node("service"), cluster.node("client")
    ran = threading.Semaphore(0)

    def fails():
        ran.release()
        raise ValueError("again")

    service.callback(fails)
    task = client.call.fails() & PERIOD(interval=0.05)
    for _ in range(3):
        assert ran.acquire(timeout=30)
    assert task.cancel() is True


def test_tasks_survive_kill_and_restart(programs, tmp_path):
    controller = programs("""
        from daffi import Global
        g = Global(init_controller=True, init_node=False, unix_sock_path=SOCKET)
        print("up")
        g.join()
    """)
    controller.expect("up")
    script = """
        from daffi import Global
        from daffi.decorators import callback
        @callback
        def tick(word):
            print("tick", word)
        g = Global(process_name="service", unix_sock_path=SOCKET, state_dir=STATE)
        print("up")
        g.join()
    """
    service = programs(script, STATE=str(tmp_path / "state"))
    service.expect("up")
    client = programs("""
        from daffi import Global, PERIOD
        g = Global(unix_sock_path=SOCKET)
        g.wait_function("tick")
        task = g.call.tick("again") & PERIOD(interval=0.1)
        print("scheduled", task.uuid)
    """)
    uuid = client.expect("scheduled").split()[1]
    service.expect("tick again")
    service.kill()
    service = programs(script, STATE=str(tmp_path / "state"))
    service.expect("tick again")
    client = programs("""
        from daffi import Global
        g = Global(unix_sock_path=SOCKET)
        g.wait_process("service")
        print(g.cancel_scheduled_task_by_uuid("service", UUID))
    """, UUID=uuid)
    client.expect("True")
