"""A fetcher that yields is a stream; a tuple or Args yields several arguments. Section 2.7."""

from address import address

from daffi import BG, Global
from daffi.decorators import alias
from daffi.registry import Args, Fetcher


class Writer(Fetcher):
    def __post_init__(self):
        self.days = range(1, 101)

    def write(self):
        for day in self.days:
            yield day, "rain"

    @alias("write")
    def write_holidays(self, *days):
        for day in days:
            yield Args(day=day, text="sun", mood="good")

    def read(self):
        pass


if __name__ == "__main__":
    g = Global(**address())
    writer = Writer()
    writer.write()  # returns when all of it has been taken
    begun = writer.write_holidays.call(101, 102, exec_modifier=BG)
    begun.get()
    entries = writer.read()
    print(len(entries), "entries,", entries[0], "...", entries[-1])
    g.stop()
