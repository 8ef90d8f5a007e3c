"""The floor for Python: sockets, pickle, and a relay that passes bytes on. No names, no errors, no promises."""

import pickle
import selectors
import socket
import struct

from measuring import arguments, latency, rate

HEAD = struct.Struct("<I")
READ = 1 << 18


def listener(args):
    if args.unix:
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"{args.unix}/floor.sock")
    else:
        server = socket.socket()
        server.bind(("127.0.0.1", args.port))
    server.listen(8)
    print("ready", server.getsockname()[1] if not args.unix else 0, flush=True)
    return server


def connect(args):
    if args.unix:
        made = socket.socket(socket.AF_UNIX)
        made.connect(f"{args.unix}/floor.sock")
        return made
    made = socket.create_connection(("127.0.0.1", args.port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def relay(args):
    """The first to connect is the callee, the second the caller; what comes from one goes to the other."""
    server = listener(args)
    ends = [server.accept()[0] for _ in range(2)]
    selector = selectors.DefaultSelector()
    for end, other in (ends, ends[::-1]):
        if not args.unix:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(end, selectors.EVENT_READ, other)
    while True:
        for key, _ in selector.select():
            data = key.fileobj.recv(READ)
            if not data:
                return
            key.data.sendall(data)


class Frames:
    """Length-prefixed pickles over a socket; reads as many as come at once."""

    def __init__(self, end):
        self.end = end
        self.buffer = b""

    def send(self, *values):
        parts = []
        for value in values:
            data = pickle.dumps(value, 5)
            parts += (HEAD.pack(len(data)), data)
        self.end.sendall(b"".join(parts))

    def receive(self):
        buffer, values, at = self.buffer, [], 0
        while not values:
            missing = HEAD.unpack_from(buffer)[0] + 4 - len(buffer) if len(buffer) >= 4 else 0
            if missing > READ:
                # A large one: into one buffer, instead of many that are joined.
                whole = bytearray(len(buffer) + missing)
                whole[: len(buffer)] = buffer
                view, filled = memoryview(whole), len(buffer)
                while filled < len(whole):
                    filled += self.end.recv_into(view[filled:])
                buffer = whole
            else:
                data = self.end.recv(READ)
                if not data:
                    raise SystemExit(0)
                buffer = buffer + data if buffer else data
            while len(buffer) - at >= 4:
                size = HEAD.unpack_from(buffer, at)[0]
                if len(buffer) - at - 4 < size:
                    break
                values.append(pickle.loads(memoryview(buffer)[at + 4 : at + 4 + size]))
                at += 4 + size
        self.buffer = bytes(buffer[at:])
        return values


def echo(value):
    return value


def callee(args):
    print("ready 0", flush=True)
    frames = Frames(connect(args))
    functions = {"echo": echo}
    while True:
        answers = []
        for name, number, given in frames.receive():
            if name == "generate":
                for first in range(0, given, 64):
                    frames.send(*((number, b"x" * args.payload) for _ in range(min(64, given - first))))
            elif name == "take":
                if given is not None:
                    continue
                answers.append((number, None))
            else:
                answers.append((number, functions[name](*given)))
        if answers:
            frames.send(*answers)


def caller(args):
    frames = Frames(connect(args))
    payload = b"x" * args.payload

    def one():
        frames.send(("echo", 1, (payload,)))
        frames.receive()

    def pipelined(count=10_000):
        """As many requests as have been answered follow in one write, so that as many are always under way."""
        begun = answered = 0
        while answered < count:
            many = min(args.outstanding - (begun - answered), count - begun)
            if many > 0:
                frames.send(*(("echo", number, (payload,)) for number in range(begun, begun + many)))
                begun += many
            answered += len(frames.receive())
        return count

    def echoed():
        one()
        return 1

    def generated(count=20_000):
        frames.send(("generate", 1, count))
        left = count
        while left:
            left -= len(frames.receive())
        return count

    def taken(count=20_000):
        for _ in range(0, count, 64):
            frames.send(*(("take", 1, payload) for _ in range(64)))
        frames.send(("take", 1, None))
        frames.receive()
        return (count + 63) // 64 * 64

    if args.mode == "latency":
        latency(args, one)
    else:
        rate(args, {"pipeline": pipelined, "echo": echoed, "stream_to_fetcher": generated, "stream_to_callback": taken}[args.mode])


if __name__ == "__main__":
    given = arguments()
    {"relay": relay, "callee": callee, "caller": caller}[given.role](given)
