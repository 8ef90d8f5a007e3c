"""PERIOD: a callback runs again and again, or at given moments. Sections 2.15, 4."""

from datetime import datetime, timedelta, timezone

from address import address

from daffi import FG, PERIOD, Global
from daffi.registry import Fetcher


class Gardener(Fetcher):
    exec_modifier = PERIOD(interval="100ms")

    def water(self, bed):
        pass

    def mow(self):
        pass


class Watcher(Fetcher):
    exec_modifier = FG(timeout=30)

    def wait_until_done(self, work, times):
        pass


if __name__ == "__main__":
    g = Global(**address())
    gardener, watcher = Gardener(), Watcher()

    task = gardener.water("roses")
    watcher.wait_until_done("watered the roses", times=3)
    for each in g.get_scheduled_tasks("garden"):
        print(each["condition"], each["func_name"], each["uuid"] == task.uuid)
    print("cancelled", task.cancel(), "again", task.cancel())

    now = datetime.now(timezone.utc)
    moments = [now + timedelta(seconds=0.3), now + timedelta(hours=1), now + timedelta(hours=2)]
    task = gardener.mow.call(exec_modifier=PERIOD(at_time=moments))
    watcher.wait_until_done("mown", times=1)
    (left,) = g.get_scheduled_tasks("garden")
    print(left["condition"], left["func_name"], left["number_of_active_tasks"], "to come")
    print("cancelled", g.cancel_scheduled_task_by_uuid("garden", task.uuid))
    print("left", g.get_scheduled_tasks("garden"))
    g.stop()
