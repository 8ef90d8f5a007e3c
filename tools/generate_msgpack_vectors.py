#!/usr/bin/env python3
"""Generates spec/vectors/msgpack.json with an implementation of MessagePack that is not ours.

    tools/generate_msgpack_vectors.py           writes the file
    tools/generate_msgpack_vectors.py --check   writes nothing; exits 1 when the file differs

Needs python3-msgpack. Each row is a value in JSON (see `described`) with its encodings in hexadecimal: the first is the
shortest, as packed here; the others are longer forms of the same value, unpacked here to be sure that they are.
`malformed` lists bytes that are refused here too, and must be refused by everyone.
"""

import argparse
import json
import pathlib
import struct
import sys

import msgpack

FILE = pathlib.Path(__file__).resolve().parent.parent / "spec" / "vectors" / "msgpack.json"


def unpack(data: bytes):
    return msgpack.unpackb(data, raw=False, strict_map_key=False)


def described(value):
    """The value in JSON, one key naming its kind, so that nothing depends on how a JSON library reads numbers."""
    if value is None:
        return {"nil": None}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, msgpack.ExtType):
        return {"ext": [value.code, value.data.hex()]}
    if isinstance(value, list):
        return {"list": [described(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[described(key), described(item)] for key, item in value.items()]}
    return {"timestamp": [str(value.seconds), str(value.nanoseconds)]}


def longer_integers(value: int):
    forms = [(0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"), (0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q")]
    for code, layout in forms:
        try:
            yield bytes([code]) + struct.pack(layout, value)
        except struct.error:
            pass


def longer_lengths(size: int, code8, code16: int):
    """Heads of a str, bytes, list or dict of `size` in every form that holds it."""
    if code8 is not None and size < 1 << 8:
        yield bytes([code8]) + struct.pack(">B", size)
    if size < 1 << 16:
        yield bytes([code16]) + struct.pack(">H", size)
    yield bytes([code16 + 1]) + struct.pack(">I", size)


def longer(value, shortest: bytes):
    """Other encodings of the same value."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        yield from longer_integers(value)
    elif isinstance(value, float):
        if abs(value) <= 3e38 or abs(value) == float("inf"):
            single = struct.pack(">f", value)
            if struct.unpack(">f", single)[0] == value:
                yield b"\xca" + single
    elif isinstance(value, (str, bytes)):
        data = value.encode() if isinstance(value, str) else value
        for head in longer_lengths(len(data), *((0xD9, 0xDA) if isinstance(value, str) else (0xC4, 0xC5))):
            yield head + data
    elif isinstance(value, (list, dict)):
        one_byte = 1 if len(value) < 16 else 3 if len(value) < 1 << 16 else 5
        for head in longer_lengths(len(value), None, 0xDC if isinstance(value, list) else 0xDE):
            yield head + shortest[one_byte:]
    elif isinstance(value, msgpack.Timestamp):
        if 0 <= value.seconds < 1 << 34:
            yield b"\xd7\xff" + struct.pack(">Q", value.nanoseconds << 34 | value.seconds)
        yield b"\xc7\x0c\xff" + struct.pack(">Iq", value.nanoseconds, value.seconds)
    else:
        for head in (b"\xc7" + struct.pack(">B", len(value.data)), b"\xc8" + struct.pack(">H", len(value.data)),
                     b"\xc9" + struct.pack(">I", len(value.data))):
            yield head + struct.pack(">b", value.code) + value.data


def values():
    yield from (None, False, True)
    edges = {0, 1, 31, 32, 33, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
             2**63 - 1}
    yield from sorted(edges | {-edge for edge in edges} | {-(2**63), -129, -(2**31) - 1, 2**63, 2**64 - 1})
    yield from (0.0, -0.0, 1.0, 0.5, -0.5, 0.1, 1e300, -1e-300, 5e-324, float("inf"), float("-inf"))
    yield from ("", "a", "x" * 31, "x" * 32, "y" * 255, "z" * 256, "é", "Кириллица", "ひらがな", "한글", "汉字", "❤🍺", "\0")
    yield from (b"", b"\0", b"\xff" * 255, b"\0" * 256)
    yield from ([], [1], list(range(15)), [0] * 16, ["a", [b"", [None, {}]]])
    yield from ({}, {"a": 1}, {i: None for i in range(15)}, {i: str(i) for i in range(16)}, {"k": {"k": {True: [1.5]}}})
    for seconds in (0, 1, -1, 2**32 - 1, 2**32, 2**34 - 1, 2**34, 2**63 - 1, -(2**63)):
        for nanoseconds in (0, 1, 999_999_999):
            yield msgpack.Timestamp(seconds, nanoseconds)
    for size in (0, 1, 2, 3, 4, 8, 16, 17):
        yield msgpack.ExtType(50, bytes(range(size)))
    yield msgpack.ExtType(127, b"\x80")


MALFORMED = ["", "c1", "cc", "cd00", "ce000000", "cf00000000000000", "d0", "ca000000", "cb00000000000000", "a1", "d9", "d901",
             "da0001", "db00000001", "c401", "c50001", "c600000001", "91", "dc0001", "dd00000001", "81", "81c0", "de0001",
             "df00000001c0", "d401", "d50100", "c7", "c70105", "9291c0", "a2c328", "a1ff", "a3eda080", "c0c0"]


def rows():
    for value in values():
        shortest = msgpack.packb(value, use_bin_type=True)
        encodings = [shortest]
        for data in longer(value, shortest):
            if described(unpack(data)) != described(value):
                sys.exit(f"{data.hex()} is not {value!r}")
            if data not in encodings:
                encodings.append(data)
        yield {"value": described(value), "encodings": [data.hex() for data in encodings]}


def text() -> str:
    for data in MALFORMED:
        try:
            unpack(bytes.fromhex(data))
        except (ValueError, msgpack.UnpackException):
            continue
        sys.exit(f"'{data}' is accepted")
    lines = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows())
    about = json.dumps("MessagePack of another implementation; made by tools/generate_msgpack_vectors.py")
    return f'{{\n  "about": {about},\n  "values": [\n{lines}\n  ],\n  "malformed": {json.dumps(MALFORMED)}\n}}\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    made = text()
    if not parser.parse_args().check:
        FILE.write_text(made, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != made:
        print(f"{FILE.name} differs: run tools/generate_msgpack_vectors.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
