"""A controller that lies, written from spec/wire.md by hand: it lets anybody in and says what it likes of them."""

import os
import socket
import struct

HELLO, CHALLENGE, PROOF, WELCOME, PING, PONG, SNAPSHOT, REGISTER = 1, 2, 3, 4, 6, 7, 8, 10
CALL, RESULT, ERROR, REFUSE = 16, 17, 18, 21
EPOCH, NODE, BOSS = 4711, 1, 2
LIMIT = 40


def text(value):
    return struct.pack("<H", len(value.encode())) + value.encode()


class FalseController:
    """Serves one node, and plays the member "boss" that is said to be the same user of the same host as the node."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT)
        self.port = self.listener.getsockname()[1]
        self.callbacks = {}
        self.ids = 0

    def accept(self, offers=()):
        """Lets the node in. `offers`: names of callbacks that "boss" is said to have, with the ids 1, 2, …"""
        self.node, _ = self.listener.accept()
        self.node.settimeout(LIMIT)
        assert self._take(8)[:5] == b"DAFFI"
        hello = self._expect(HELLO)
        length = struct.unpack_from("<H", hello, 2 + 8 + 32 + 16 + 4)[0]
        name = hello[64:64 + length].decode()
        # No proof of anything: it knows no secret of ours.
        self._send(CHALLENGE, struct.pack("<Q32sBH", 0, bytes(32), 0, 0))
        proof = self._expect(PROOF)
        assert struct.unpack_from("<H", proof)[0] == 0, "nothing was proved, so nothing is shown"
        self._registered(proof[2:])
        same_user = struct.pack("<BI", 2, os.geteuid()) + text("host") + text("") + text("")
        self._send(WELCOME, struct.pack("<IIQIII", NODE, EPOCH, 0, 256 << 10, 60000, 5000) + text("hub") + same_user)
        descriptor = struct.pack("<IB", 1, 4) + text("python") + text("") + struct.pack("<HH", 0, 0)
        entries = b"".join(struct.pack("<II", number, 1) + text(each) for number, each in enumerate(offers, 1))
        members = self._member(NODE, name, same_user, 0, b"") + self._member(BOSS, "boss", same_user, len(offers), entries)
        self._send(SNAPSHOT, struct.pack("<QII", 1, 0, 1) + struct.pack("<H", 1) + descriptor + struct.pack("<H", 2) + members)

    def call(self, callback, arguments):
        """Calls in the name of "boss"; gives the answer's kind and payload."""
        while callback not in self.callbacks:
            self._read()
        self.ids += 1
        self._send(CALL, struct.pack("<IIII", self.callbacks[callback], 0xFFFFFFFF, 0, 0) + arguments, BOSS, self.ids)
        while True:
            kind, identity, payload = self._read()
            if identity == self.ids and kind in (RESULT, ERROR, REFUSE):
                return kind, payload

    def answer(self, value):
        """Waits for a call of one of boss's callbacks and answers it with that value."""
        while True:
            kind, identity, _ = self._read()
            if kind == CALL:
                return self._send(RESULT, value, BOSS, identity)

    def close(self):
        self.node.close()
        self.listener.close()

    @staticmethod
    def _member(number, name, identity, count, callbacks):
        head = struct.pack("<IBBI", number, 0, 0, 0) + identity + text(name) + text("python")
        return head + struct.pack("<H", count) + callbacks

    def _registered(self, register):
        """Notes the names and ids in a register."""
        flags, removed = struct.unpack_from("<BH", register)
        at = 3 + 4 * removed
        count, at = struct.unpack_from("<H", register, at)[0], at + 2

        def read_text():
            nonlocal at
            length = struct.unpack_from("<H", register, at)[0]
            at += 2 + length
            return register[at - length:at].decode()

        for _ in range(count):
            number, at = struct.unpack_from("<I", register, at)[0], at + 4
            self.callbacks[read_text()] = number
            at += 5
            read_text(), read_text()
            parameters, at = struct.unpack_from("<H", register, at)[0], at + 2
            for _ in range(parameters):
                at += 1
                read_text(), read_text(), read_text()
            callers, at = struct.unpack_from("<H", register, at)[0], at + 2
            for _ in range(callers + 1):
                read_text()

    def _send(self, kind, payload, member=0, identity=0):
        self.node.sendall(struct.pack("<IBBHIIQ", len(payload), kind, 0, 0, EPOCH, member, identity) + payload)

    def _read(self):
        size, kind, _, _, _, _, identity = struct.unpack("<IBBHIIQ", self._take(24))
        payload = self._take(size)
        if kind == PING:
            self._send(PONG, b"", 0, identity)
        if kind == REGISTER:
            self._registered(payload)
        return kind, identity, payload

    def _expect(self, wanted):
        kind, _, payload = self._read()
        assert kind == wanted, kind
        return payload

    def _take(self, size):
        data = b""
        while len(data) < size:
            part = self.node.recv(size - len(data))
            assert part, "the node has hung up"
            data += part
        return data
