"""RPyC: a service on a threaded server, and a caller."""

import rpyc
from rpyc.utils.server import ThreadedServer

from common import BATCH, arguments, measure, ready, windowed


class Echo(rpyc.Service):
    def exposed_echo(self, value):
        return value

    def exposed_items(self, count, size):
        return (b"x" * size for _ in range(count))

    def exposed_take(self, items):
        for _ in items:
            pass


def callee(args):
    where = {"socket_path": f"{args.unix}/rpyc.sock"} if args.unix else {"hostname": "127.0.0.1", "port": 0}
    server = ThreadedServer(Echo, **where)
    ready(0 if args.unix else server.port)
    server.start()


def caller(args):
    config = {"sync_request_timeout": None}
    connection = (rpyc.utils.factory.unix_connect(f"{args.unix}/rpyc.sock", config=config) if args.unix
                  else rpyc.connect("127.0.0.1", args.port, config=config))
    payload = b"x" * args.payload
    echo = connection.root.echo
    later = rpyc.async_(echo)

    def taken():
        connection.root.take(payload for _ in range(BATCH))
        return BATCH

    measure(args, {
        "call": lambda: echo(payload),
        "pipeline": windowed(args, lambda: later(payload), lambda result: result.value),
        "stream_to_fetcher": lambda: sum(1 for _ in connection.root.items(BATCH, args.payload)),
        "stream_to_callback": taken,
    })
    connection.close()


given = arguments()
{"callee": callee, "caller": caller}[given.role](given)
