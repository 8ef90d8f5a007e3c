"""The documentation's scripts, continued: 2.15, and what chapters 4, 6 and 7 print.

As they stand there, but for the socket, and for waits on what happened in place of waits for a time.
"""

import pytest

# Every task says when it has run, to whoever waits for that.
COUNTER = """
        import threading
        from daffi import Global
        from daffi.decorators import callback
        from daffi.registry import Callback

        ran = threading.Semaphore(0)

        @callback
        def wait_for_runs(count):
            for _ in range(count):
                ran.acquire()
"""
SERVE = """
        if __name__ == '__main__':
            Global(process_name="scheduler", init_controller=True, unix_sock_path=SOCKET).join()
"""
TASKS = {
    "class": """
        class Scheduler(Callback):
            auto_init = True

            def long_running_task1(self):
                print("Start long running task 1")
                for i in range(1, 3):
                    print(f"Processing item {i}...")
                print("Task 1 complete.")
                ran.release()

            def long_running_task2(self):
                print("Start long running task 2")
                for i in range(100, 103):
                    print(f"Processing item {i}...")
                print("Task 2 complete.")
                ran.release()
    """,
    "function": """
        @callback
        def long_running_task1():
            print("Start long running task 1")
            for i in range(1, 3):
                print(f"Processing item {i}...")
            print("Task 1 complete.")
            ran.release()

        @callback
        def long_running_task2():
            print("Start long running task 2")
            for i in range(100, 103):
                print(f"Processing item {i}...")
            print("Task 2 complete.")
            ran.release()
    """,
}
CLIENTS = {
    "class": """
        from datetime import datetime
        from daffi import FG, Global, PERIOD
        from daffi.registry import Fetcher

        class SchedulerClient(Fetcher):
            exec_modifier = PERIOD(interval="50ms")

            def long_running_task1(self):
                pass

            def long_running_task2(self):
                pass

        scheduler_client = SchedulerClient()
        long_running_task1 = scheduler_client.long_running_task1
        long_running_task2 = scheduler_client.long_running_task2
    """,
    "function": """
        from datetime import datetime
        from daffi import FG, Global, PERIOD
        from daffi.decorators import fetcher

        @fetcher(PERIOD(interval="50ms"))
        def long_running_task1():
            pass

        @fetcher
        def long_running_task2():
            pass
    """,
}
CLIENT_MAIN = """
        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET)
            task_ident = long_running_task1()
            g.call.wait_for_runs(3) & FG
            print(type(task_ident).__name__, task_ident.cancel())

            now = datetime.utcnow().timestamp()
            at_time = [now + 0.2, now + 0.4]
            task_ident = long_running_task2.call(exec_modifier=PERIOD(at_time=at_time))
            g.call.wait_for_runs(2) & FG
            print("both ran")
            g.stop()
"""


@pytest.fixture
def scheduler(programs):
    def start(script):
        service = programs(COUNTER + script + SERVE, log="info")
        service.expect("started: ")
        return service

    return start


@pytest.mark.parametrize("form", TASKS)
def test_tasks_recur_and_run_at_moments(scheduler, programs, form):
    service = scheduler(TASKS[form])
    assert programs(CLIENTS[form] + CLIENT_MAIN).finish() == ["ScheduledTask True", "both ran"]
    for _ in range(3):
        service.expect("Start long running task 1")
        service.expect("Processing item 1...")
        service.expect("Processing item 2...")
        service.expect("Task 1 complete.")
    for _ in range(2):
        service.expect("Start long running task 2")
        service.expect("Processing item 102...")
        service.expect("Task 2 complete.")


SOME_FUNC = """
        @callback
        def some_func():
            print("some_func has run")
            ran.release()
"""


def test_what_is_left_of_several_moments_is_cancelled(scheduler, programs):
    scheduler(SOME_FUNC)
    lines = programs("""
        from datetime import datetime
        from daffi import FG, Global, PERIOD
        from daffi.decorators import fetcher

        g = Global(unix_sock_path=SOCKET)

        @fetcher
        def some_func():
            pass

        g.wait_function("some_func")
        now = datetime.utcnow().timestamp()
        at_time = [now + 0.2, now + 600, now + 3600]
        task = some_func.call(exec_modifier=PERIOD(at_time=at_time))
        g.call.wait_for_runs(1) & FG
        print([each["number_of_active_tasks"] for each in g.get_scheduled_tasks("scheduler")])
        print(task.cancel(), g.get_scheduled_tasks("scheduler"))
    """).finish(0)
    assert lines == ["[2]", "True []"]


def test_an_interval_is_cancelled_by_its_uuid(scheduler, programs):
    scheduler(SOME_FUNC)
    lines = programs("""
        from daffi import FG, Global, PERIOD
        from daffi.decorators import fetcher

        @fetcher(PERIOD(interval=0.05))
        def some_func():
            pass

        g = Global(unix_sock_path=SOCKET)
        g.wait_function("some_func")
        task = some_func()
        g.call.wait_for_runs(2) & FG
        for each in g.get_scheduled_tasks("scheduler"):
            print(each["func_name"], g.cancel_scheduled_task_by_uuid("scheduler", each["uuid"]))
        print(task.cancel())
    """).finish(0)
    assert lines == ["some_func True", "False"]


def test_a_controller_alone_connects_others(programs):
    controller = programs("""
        from daffi import Global
        g = Global(process_name="alone", init_controller=True, init_node=False, unix_sock_path=SOCKET)
        print(g.is_controller, "up")
        g.join()
    """)
    controller.expect("True up")
    programs("""
        import asyncio
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def trigger_me():
            print("Triggered")

        async def main():
            g = Global(process_name="process-1", unix_sock_path=SOCKET)
            print("up")
            await g.join_async()

        asyncio.run(main())
    """).expect("up")
    lines = programs("""
        import asyncio
        from daffi import BG, FG, Global
        from daffi.decorators import body_unknown, fetcher

        @fetcher(FG)
        async def trigger_me():
            body_unknown()

        async def main():
            with Global(process_name="process-2", unix_sock_path=SOCKET) as g:
                await g.wait_process_async("process-1")
                await g.wait_function_async("trigger_me")
                print(await trigger_me(), g.is_controller)
                future = trigger_me.call(exec_modifier=BG)
                print(await (await future).get_async())

        asyncio.run(main())
    """).finish(0)
    assert lines == ["None False", "None"]


def test_a_body_that_is_elsewhere(scheduler, programs):
    scheduler("""
        @callback
        def my_function(a: int, b: int, c: str):
            return f"{a + b} {c}"
    """)
    lines = programs("""
        from daffi import Global
        from daffi.decorators import __body_unknown__, fetcher

        @fetcher
        def my_function(a: int, b: int, c: str):
            return __body_unknown__(a, b, c)

        Global(unix_sock_path=SOCKET)
        print(my_function(1, 2, "abc"))
    """).finish(0)
    assert lines == ["3 abc"]


def test_a_private_folder_and_a_process_without_a_name(programs):
    lines = programs("""
        import os, re
        from daffi import Global
        g = Global(init_controller=True, unix_sock_path=os.path.join(SOCKET, "foo", "bar"))
        print(bool(re.fullmatch("[0-9a-f]+", g.process_name)), os.path.relpath(g.unix_sock_path, SOCKET))
        g.stop()
        free = Global(init_controller=True, host="localhost")
        print(free.port > 0, free.registered_callbacks)
        free.stop()
    """).finish(0)
    assert lines == ["True foo/bar/.sock", "True {}"]
