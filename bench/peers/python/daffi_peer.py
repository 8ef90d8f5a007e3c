"""The published `daffi` wheel as its page describes it: a router, a worker, a caller."""

import time
from concurrent.futures import ThreadPoolExecutor

from common import BATCH, arguments, free_port, measure, ready

from daffi import Client, Router, callback


def where(args):
    return {"unix_sock_path": f"{args.unix}/daffi.sock"} if args.unix else {"host": "127.0.0.1", "port": args.port}


def router(args):
    if not args.unix:
        args.port = free_port()
    serving = Router(**where(args))
    serving.start()
    ready(args.port)
    serving.join()


def callee(args):
    @callback
    def echo(value):
        return value

    @callback
    def take(value):
        pass

    client = Client(app_name="callee", **where(args))
    client.connect()
    ready(0)
    client.join()


def caller(args):
    client = Client(app_name="caller", **where(args))
    connection = client.connect()
    payload = b"x" * args.payload
    give_up = time.monotonic() + 10
    while True:    # the worker may not be known yet
        try:
            connection.rpc(timeout=2).echo(b"")
            break
        except Exception:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
    threads = ThreadPoolExecutor(args.outstanding)

    def call(_=None):
        return connection.rpc(timeout=30).echo(payload)

    def pipelined():
        """Its calls block, so each one under way takes a thread."""
        for _ in threads.map(call, range(BATCH)):
            pass
        return BATCH

    def taken():
        stream = connection.stream()
        for _ in range(BATCH):
            stream.take(payload)
        return BATCH

    measure(args, {"call": call, "pipeline": pipelined, "stream_to_callback": taken})
    client.stop()


given = arguments()
{"router": router, "callee": callee, "caller": caller}[given.role](given)
