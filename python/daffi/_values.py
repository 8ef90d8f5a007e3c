"""The forms of values that the compiled core leaves to Python. spec/values.md has the table."""

import contextlib
import dataclasses
import datetime
import decimal
import enum
import io
import pickle
import struct
import sys
import threading
import uuid

from . import _core

DURATION, DECIMAL, DATE, TIME, UUID = 1, 6, 7, 8, 9
TIMESTAMP, LARGE_INTEGER, COMPLEX, DATETIME, ARRAY, EXCEPTION, PICKLE = -1, 10, 11, 12, 13, 14, 15

_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=datetime.timezone.utc)
_NAIVE, _FOLD, _OFFSET, _ZONE = 1, 2, 4, 8
_local = threading.local()


@contextlib.contextmanager
def plain_only():
    """No pickles on this thread: what is not plain data is an error."""
    _local.plain = True
    try:
        yield
    finally:
        _local.plain = False


# ---- moments


def _split(delta):
    seconds = delta.days * 86400 + delta.seconds
    return struct.pack(">Iq", delta.microseconds * 1000, seconds)


def _join(data):
    if len(data) == 4:
        return datetime.timedelta(seconds=struct.unpack(">I", data)[0])
    if len(data) == 8:
        both = struct.unpack(">Q", data)[0]
        return datetime.timedelta(seconds=both & 0x3FFFFFFFF, microseconds=(both >> 34) // 1000)
    nanoseconds, seconds = struct.unpack(">Iq", data[:12])
    return datetime.timedelta(seconds=seconds, microseconds=nanoseconds // 1000)


def _encode_timedelta(value):
    return DURATION, (_split(value),)


def _encode_datetime(value):
    fold = _FOLD if value.fold else 0
    if value.tzinfo is None:
        return DATETIME, (_split(value.replace(fold=0) - _EPOCH), bytes([_NAIVE | fold]))
    if value.tzinfo is datetime.timezone.utc:
        return TIMESTAMP, (_split(value - _EPOCH_UTC),)
    key = getattr(value.tzinfo, "key", None)
    try:
        if value.astimezone(datetime.timezone.utc).astimezone(value.tzinfo).replace(tzinfo=None) != value.replace(tzinfo=None):
            return None  # a local time that its zone skips: the moment would come back as another one
    except OverflowError:
        return None  # in UTC it is before the first year, or after the last
    moment = _split(value - _EPOCH_UTC)
    if key is not None and type(value.tzinfo).__module__.startswith("zoneinfo"):
        return DATETIME, (moment, bytes([_ZONE | fold]), key.encode())
    if type(value.tzinfo) is datetime.timezone:
        name = value.tzinfo.tzname(None)
        shown = b"" if value.tzinfo == datetime.timezone(value.utcoffset()) and name.startswith("UTC") else name.encode()
        return DATETIME, (moment, bytes([_OFFSET | fold]), _split(value.utcoffset()), shown)
    return None


def _decode_datetime(data):
    flags = data[12]
    fold = 1 if flags & _FOLD else 0
    if flags & _NAIVE:
        return (_EPOCH + _join(data)).replace(fold=fold)
    moment = _EPOCH_UTC + _join(data)
    if flags & _ZONE:
        import zoneinfo

        return moment.astimezone(zoneinfo.ZoneInfo(data[13:].decode())).replace(fold=fold)
    offset, name = _join(data[13:25]), data[25:].decode()
    zone = datetime.timezone(offset, name) if name else datetime.timezone(offset)
    return moment.astimezone(zone)


def _encode_time(value):
    if value.tzinfo is not None:
        return None
    return TIME, (value.isoformat().encode() + (b"~" if value.fold else b""),)


def _decode_time(data):
    text = data.decode()
    value = datetime.time.fromisoformat(text.rstrip("~"))
    return value.replace(fold=1) if text.endswith("~") else value


# ---- numpy


def _encode_array(value):
    if value.dtype.hasobject or value.dtype.names is not None or type(value).__name__ == "matrix":
        return None
    import numpy

    form = value.dtype.str.encode()
    head = struct.pack(">BB", value.ndim, len(form)) + form + struct.pack(f">{value.ndim}Q", *value.shape)
    flat = numpy.ascontiguousarray(value).reshape(-1).view(numpy.uint8) if value.size else b""
    return ARRAY, (head, flat)


def _encode_scalar(value):
    if value.dtype.hasobject or value.dtype.names is not None:
        return None
    form = value.dtype.str.encode()
    return ARRAY, (struct.pack(">BB", 255, len(form)) + form, value.tobytes())


def _decode_array(data):
    import numpy

    dimensions, length = data[0], data[1]
    form = numpy.dtype(data[2 : 2 + length].decode())
    if form.hasobject:
        raise ValueError("an array of objects cannot be read")
    at = 2 + length
    if dimensions == 255:
        return numpy.frombuffer(data, form, 1, at)[0]
    shape = struct.unpack_from(f">{dimensions}Q", data, at)
    array = numpy.frombuffer(bytearray(memoryview(data)[at + 8 * dimensions :]), form)
    return array.reshape(shape)


# ---- exceptions


def _encode_exception(value):
    from . import _errors

    type_name, text, trace, data, _ = _errors.describe(value)
    shown = "" if value.__traceback__ is None else trace  # never raised: there is nothing to show
    return EXCEPTION, (_core.encode((type_name, text, shown, data)),)


def _decode_exception(data):
    from . import _errors

    type_name, text, trace, encoded = _core.decode(data)
    exception = _errors.revive(type_name, text, trace, "python", encoded)
    if trace:
        _errors.add_note(exception, f"Remote traceback:\n{trace.rstrip()}")
    return exception


# ---- everything else


#: Exact types to their encoders. Types of numpy and of exceptions are added when they are first met.
ENCODERS = {
        datetime.timedelta: _encode_timedelta,
        datetime.datetime: _encode_datetime,
        datetime.date: lambda value: (DATE, (value.isoformat().encode(),)),
        datetime.time: _encode_time,
        decimal.Decimal: lambda value: (DECIMAL, (str(value).encode(),)),
        uuid.UUID: lambda value: (UUID, (str(value).encode(),)),
        complex: lambda value: (COMPLEX, (struct.pack(">dd", value.real, value.imag),)),
}

DECODERS = {
    TIMESTAMP: lambda data: _EPOCH_UTC + _join(data),
    DURATION: _join,
    DECIMAL: lambda data: decimal.Decimal(data.decode()),
    DATE: lambda data: datetime.date.fromisoformat(data.decode()),
    TIME: _decode_time,
    UUID: lambda data: uuid.UUID(data.decode()),
    LARGE_INTEGER: lambda data: int.from_bytes(data, "big", signed=True),
    COMPLEX: lambda data: complex(*struct.unpack(">dd", data)),
    DATETIME: _decode_datetime,
    ARRAY: _decode_array,
    EXCEPTION: _decode_exception,
}


def _own_form(value):
    """Encoders of types that are not imported with this module."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        kind = type(value)
        if kind is numpy.ndarray:
            ENCODERS[kind] = _encode_array
            return _encode_array(value)
        if isinstance(value, numpy.generic) and kind.__module__ == "numpy":
            ENCODERS[kind] = _encode_scalar
            return _encode_scalar(value)
    if isinstance(value, BaseException):
        return _encode_exception(value)
    return None


def _simplified(value):
    """A value for readers in other languages: dataclasses as maps, enums as their values, scalars as numbers."""
    if isinstance(value, enum.Enum):
        return _simplified(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _simplified(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {_simplified(key): _simplified(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_simplified(item) for item in value]
    for plain in (bool, int, float, str, bytes):
        if isinstance(value, plain):
            return plain(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
        return _simplified(value.tolist())
    return value


def _mixed(value):
    """Whether a container holds nothing but plain data and values that have a form of their own."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return all(_mixed(item) for item in value)
    if kind is dict:
        return all(_mixed(key) and _mixed(item) for key, item in value.items())
    if kind in _PLAIN or kind in ENCODERS:
        return True
    numpy = sys.modules.get("numpy")
    if numpy is not None and (kind is numpy.ndarray or (isinstance(value, numpy.generic) and kind.__module__ == "numpy")):
        _own_form(value)
        return True
    if isinstance(value, BaseException):
        ENCODERS[kind] = _encode_exception
        return True
    return False


_PLAIN = {type(None), bool, int, float, str, bytes, bytearray}


def encode_other(value, foreign):
    """What the core could not write: (extension type, buffers), or (None, a value it can)."""
    kind = type(value)
    if kind not in ENCODERS:
        own = _own_form(value)
        if own is not None:
            return own
    known = len(ENCODERS)
    try:
        # Plain all through and yet refused: it nests too deep, so it is a pickle.
        if kind in (list, tuple, dict, set, frozenset) and _mixed(value) and len(ENCODERS) > known:
            return None, value
    except RecursionError:
        pass  # it contains itself: pickle knows how
    if foreign:
        return None, _simplified(value)
    if getattr(_local, "plain", False):
        raise TypeError(f"{kind.__qualname__} is no plain data")
    return PICKLE, _dump(value)


def _dump(value):
    import cloudpickle  # type: ignore[import-untyped]

    buffers = []
    stream = io.BytesIO()
    cloudpickle.CloudPickler(stream, protocol=5, buffer_callback=buffers.append).dump(value)
    raw = [each.raw() for each in buffers]
    sizes = [len(stream.getbuffer()), *(len(each) for each in raw)]
    head = struct.pack(f">BBI{len(sizes)}Q", *sys.version_info[:2], len(sizes), *sizes)
    return (head, stream.getbuffer(), *raw)


def decode_pickle(data):
    """The value of a pickle. Only called when its sender is trusted."""
    view = memoryview(data)
    major, minor, count = struct.unpack_from(">BBI", view)
    if count < 1 or 6 + 8 * count > len(view):
        raise ValueError("a pickle is cut off")
    sizes = struct.unpack_from(f">{count}Q", view, 6)
    parts, at = [], 6 + 8 * count
    for size in sizes:
        if size > len(view) - at:
            raise ValueError("a pickle is cut off")
        parts.append(view[at : at + size])
        at += size
    return _Unpickler(io.BytesIO(parts[0]), (major, minor), parts[1:]).load()


class _Unpickler(pickle.Unpickler):
    """Refuses code objects of another Python before they do harm."""

    def __init__(self, stream, version, buffers):
        super().__init__(stream, buffers=buffers)
        self._version = version

    def find_class(self, module, name):
        found = super().find_class(module, name)
        if self._version != sys.version_info[:2] and name in ("CodeType", "_make_function", "_builtin_type"):
            theirs = ".".join(map(str, self._version))
            ours = ".".join(map(str, sys.version_info[:2]))
            raise TypeError(f"code made by Python {theirs} cannot run on Python {ours}")
        return found


_core.set_value_functions(ENCODERS, DECODERS, encode_other, decode_pickle)
