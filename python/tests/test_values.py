"""What is passed comes back the same."""

import collections
import dataclasses
import datetime
import decimal
import enum
import uuid

import pytest

from daffi import FG, _core
from daffi.exceptions import GlobalContextError, ProtocolError, RemoteCallError

UTC = datetime.timezone.utc


class Colour(enum.Enum):
    RED = 1


class Number(int):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: "Point | None" = None


PLAIN = [
    None, True, False, 0, -1, 127, 128, -33, 2**31, -(2**63), 2**63, 2**64 - 1, 2**64, -(2**64), 10**40, 0.5, float("inf"),
    "", "text", "ünïcödé \U0001f600", b"", b"\x00\xff", bytearray(b"ab"), [], [1, [2, [3]]], (), (1,), (1, (2, "x")),
    {}, {"a": 1, 2: "b", (1, 2): None}, set(), {1, 2}, frozenset({3}), [(1,), {2}, {"k": (3,)}], complex(1, -2),
    datetime.datetime(2024, 2, 29, 23, 59, 58, 123456), datetime.datetime(1969, 12, 31, 1, 2, 3, 5),
    datetime.datetime(2024, 1, 1, tzinfo=UTC),
    datetime.datetime(2024, 1, 1, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
    datetime.date(1, 1, 1), datetime.time(23, 59, 59, 999999), datetime.timedelta(days=-3, microseconds=7),
    decimal.Decimal("1.10"), decimal.Decimal("-0.00"),
    uuid.UUID(int=5), list(range(300)), tuple(range(300)), "x" * 70000, b"y" * 70000,
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_values_are_data(value):
    encoded = _core.encode(value)
    back = _core.decode(encoded)
    assert back == value and type(back) is type(value)
    assert b"cloudpickle" not in encoded


def test_a_naive_moment_stays_naive_and_a_zone_stays_the_zone():
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones here")
    moment = datetime.datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=1)
    back = _core.decode(_core.encode(moment))
    assert back == moment and back.tzinfo is zone and back.fold == 1
    assert _core.decode(_core.encode(moment.replace(tzinfo=None))).tzinfo is None


@pytest.mark.parametrize(
    "value",
    [Colour.RED, Number(5), Point(1, Point(2)), collections.OrderedDict(a=1), collections.namedtuple("P", "a")(1)],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_one_pickle(value):
    back = _core.decode(_core.encode(value))
    assert back == value
    assert type(back).__name__ == type(value).__name__


def test_what_contains_itself_keeps_its_shape():
    loop = [1]
    loop.append(loop)
    back = _core.decode(_core.encode(loop))
    assert back[0] == 1 and back[1] is back


def test_functions_and_lambdas_travel():
    factor = 3
    assert _core.decode(_core.encode(lambda x: x * factor))(4) == 12


def test_arrays_keep_form_and_can_be_written():
    numpy = pytest.importorskip("numpy")
    for array in (numpy.arange(12, dtype="<i4").reshape(3, 4), numpy.zeros((0, 2)), numpy.array(1.5), numpy.ones(3)[::2]):
        back = _core.decode(_core.encode(array))
        assert back.dtype == array.dtype and back.shape == array.shape and (back == array).all()
    back = _core.decode(_core.encode([numpy.arange(3)]))[0]
    back[0] = 7
    assert type(_core.decode(_core.encode(numpy.float32(1.5)))) is numpy.float32


@pytest.mark.parametrize("value", ["\udcff", ("a", "\ud800"), {"\udc80": ["\ud801", 1]}])
def test_text_with_surrogates_of_its_own_comes_back_the_same(value):
    assert _core.decode(_core.encode(value)) == value


def test_what_cannot_be_pickled_says_so():
    import threading

    with pytest.raises(GlobalContextError, match="lock"):
        _core.encode(threading.Lock())


@pytest.mark.parametrize("encoded", [b"", b"\xc1", b"\x92\x01", b"\xc7\x05\x02\x92", b"\xd9\x01\xff", b"\xc7\x00\x70"])
def test_bytes_that_are_no_value_are_refused(encoded):
    with pytest.raises(ProtocolError):
        _core.decode(encoded)


def test_nesting_in_extensions_is_bounded():
    encoded = b"\x90"
    for _ in range(300):
        encoded = b"\x91" + encoded
        encoded = (b"\xc9" + len(encoded).to_bytes(4, "big") + b"\x02" + encoded)
    with pytest.raises(ProtocolError, match="nested too deep"):
        _core.decode(encoded)


def test_exceptions_are_values_too(cluster):
    cluster.controller.callback(lambda_of(ValueError("no", 3)), "give")
    error = cluster.node().call.give() & FG
    assert type(error) is ValueError and error.args == ("no", 3)


def lambda_of(value):
    def give():
        return value

    return give


def test_a_result_that_cannot_be_sent_is_an_error_at_the_caller(cluster):
    import threading

    cluster.controller.callback(lambda_of(threading.Lock()), "give")
    with pytest.raises(RemoteCallError, match="the result of 'give' cannot be encoded"):
        cluster.node().call.give() & FG(timeout=10)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5))),
        datetime.datetime(9999, 12, 31, 23, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
    ],
)
def test_a_moment_that_utc_has_no_year_for_comes_back(moment):
    back = _core.decode(_core.encode(moment))
    assert back.replace(tzinfo=None) == moment.replace(tzinfo=None) and back.utcoffset() == moment.utcoffset()


def test_a_local_time_that_its_zone_skips_comes_back():
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones here")
    skipped = datetime.datetime(2024, 3, 31, 2, 30, tzinfo=zone)
    assert str(_core.decode(_core.encode(skipped))) == str(skipped)


@pytest.mark.parametrize("names", [(), ("here",), ("here", None, "there")])
def test_an_error_of_the_system_keeps_its_file_names(names):
    error = OSError(2, "no such file", *names)
    back = _core.decode(_core.encode(error))
    assert type(back) is FileNotFoundError and str(back) == str(error)
    assert (back.args, back.filename, back.filename2) == (error.args, error.filename, error.filename2)


def test_an_exception_keeps_its_notes_and_gets_none_when_it_was_never_raised():
    error = ValueError("no")
    error.__notes__ = ["look there"]
    assert _core.decode(_core.encode(error)).__notes__ == ["look there"]
    assert not hasattr(_core.decode(_core.encode(KeyError("no"))), "__notes__")
