"""daffi for Python under measurement: controller, callee and caller, each a process of its own."""

from collections import deque

from measuring import arguments, latency, rate

from daffi import BG, Global
from daffi.decorators import alias, callback, fetcher


def where(args):
    return {"unix_sock_path": args.unix} if args.unix else {"host": "localhost", "port": args.port}


def controller(args):
    g = Global(init_controller=True, init_node=False, **where(args))
    print("ready", g.port or 0, flush=True)
    g.join()


def callee(args):
    @callback
    def echo(value):
        return value

    @callback
    def take(value):
        pass

    @callback
    def generate(count, size):
        item = b"x" * size
        for _ in range(count):
            yield item

    g = Global(process_name="callee", **where(args))
    print("ready 0", flush=True)
    g.join()


@fetcher
def echo(value):
    pass


@alias("echo")
@fetcher(BG)
def echo_later(value):
    pass


@fetcher
def generate(count, size):
    pass


@fetcher
def take(count, item):
    for _ in range(count):
        yield item


def caller(args):
    g = Global(process_name="caller", **where(args))
    g.wait_function("echo")
    payload = b"x" * args.payload

    def pipelined():
        """The oldest is waited for before another one begins, so that as many are always under way."""
        under_way = deque(echo_later(payload) for _ in range(args.outstanding))
        for _ in range(10_000):
            under_way.popleft().get()
            under_way.append(echo_later(payload))
        for each in under_way:
            each.get()
        return 10_000 + args.outstanding

    def echoed():
        echo(payload)
        return 1

    def generated(count=20_000):
        seen = 0
        for _ in generate(count, args.payload):
            seen += 1
        return seen

    def taken(count=20_000):
        take(count, payload)
        return count

    if args.mode == "latency":
        latency(args, lambda: echo(payload))
    else:
        rate(args, {"pipeline": pipelined, "echo": echoed, "stream_to_fetcher": generated, "stream_to_callback": taken}[args.mode])
    g.stop()


if __name__ == "__main__":
    given = arguments()
    {"controller": controller, "callee": callee, "caller": caller}[given.role](given)
