"""pyzmq: a router in the middle; calls are pickles, as its send_pyobj() makes them."""

import pickle

import zmq

from common import BATCH, arguments, measure, ready, windowed


def address(args):
    return f"ipc://{args.unix}/zmq.sock" if args.unix else f"tcp://127.0.0.1:{args.port or '*'}"


def unlimited(socket):
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.LINGER, 0)
    return socket


def member(args, name):
    socket = unlimited(zmq.Context.instance().socket(zmq.DEALER))
    socket.setsockopt(zmq.IDENTITY, name)
    socket.connect(address(args))
    return socket


def router(args):
    socket = unlimited(zmq.Context.instance().socket(zmq.ROUTER))
    socket.bind(address(args))
    ready(0 if args.unix else int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2]))
    while True:
        sender, receiver, data = socket.recv_multipart(copy=False)
        socket.send_multipart([receiver, sender, data], copy=False)


def callee(args):
    socket = member(args, b"callee")
    socket.send_multipart([b"callee", b""])    # comes back once the router knows it
    socket.recv_multipart()
    ready(0)
    while True:
        sender, data = socket.recv_multipart()
        kind, value = pickle.loads(data)
        if kind == "items":
            count, size = value
            for _ in range(count):
                socket.send_multipart([sender, pickle.dumps(b"x" * size)])
        elif kind == "echo":
            socket.send_multipart([sender, pickle.dumps(value)])
        elif kind == "end":
            socket.send_multipart([sender, pickle.dumps(None)])


def caller(args):
    socket = member(args, b"caller")
    payload = b"x" * args.payload

    def send(kind, value):
        socket.send_multipart([b"callee", pickle.dumps((kind, value))])

    def take(_=None):
        return pickle.loads(socket.recv_multipart()[1])

    def call():
        send("echo", payload)
        return take()

    def items():
        send("items", (BATCH, args.payload))
        for _ in range(BATCH):
            take()
        return BATCH

    def taken():
        for _ in range(BATCH):
            send("item", payload)
        send("end", None)
        take()
        return BATCH

    measure(args, {"call": call, "pipeline": windowed(args, lambda: send("echo", payload), take),
                   "stream_to_fetcher": items, "stream_to_callback": taken})


given = arguments()
{"router": router, "callee": callee, "caller": caller}[given.role](given)
