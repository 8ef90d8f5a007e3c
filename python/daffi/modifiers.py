"""Execution modifiers: how a call is made. Documentation: 2.13 to 2.15, 6."""

import datetime
import numbers

from . import _core
from ._errors import make
from ._warning import warn

__all__ = ["FG", "BG", "PERIOD", "BROADCAST"]

_INITIALIZATION, _INVALID = 1, 6
_MOST_MOMENTS = 1000
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_BALANCES = {None: 0, "round_robin": 1, "random": 2, "least_pending": 3, "sticky": 4}


def nanoseconds(value, name):
    """A duration of whichever spelling as a count of nanoseconds; 0 for none."""
    if value is None:
        return 0
    if isinstance(value, datetime.datetime):
        now = datetime.datetime.now(value.tzinfo)
        result = round((value - now).total_seconds() * 1e9)
    elif isinstance(value, datetime.timedelta):
        result = (value.days * 86400 + value.seconds) * 10**9 + value.microseconds * 1000
    elif isinstance(value, str):
        result = _core.parse_duration(value)
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        if not -9.2e9 < value < 9.2e9:
            raise make(_INVALID, f"{name} is not a span of time that can be waited for: {value!r}")
        result = round(value * 10**9)
    else:
        raise make(_INVALID, f"{name} must be a number of seconds, timedelta, datetime or text such as '1m24s', not {value!r}")
    if result < 0:
        raise make(_INVALID, f"{name} must not be negative: {value!r}")
    return result


def _moments(given):
    """Moments as nanoseconds since 1970, UTC; each in the future."""
    if given is None or given == 0:
        return []
    many = isinstance(given, (list, tuple, set, frozenset, range))
    all_given = list(given) if many else [given]
    if len(all_given) > _MOST_MOMENTS:
        raise make(_INITIALIZATION, f"PERIOD takes at most {_MOST_MOMENTS} moments in at_time, not {len(all_given)}")
    now = datetime.datetime.now(datetime.timezone.utc)
    moments = []
    for index, each in enumerate(all_given):
        moment = _instant(each)
        if moment <= now:
            which = f" number {index + 1} of {len(all_given)}," if len(all_given) > 1 else ""
            raise make(
                _INITIALIZATION,
                f"PERIOD takes moments in the future: at_time{which} {each!r} ({moment:%Y-%m-%dT%H:%M:%SZ}) is not after "
                f"{now:%Y-%m-%dT%H:%M:%SZ}",
            )
        since = moment - _EPOCH
        moments.append((since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000)
    return moments


def _instant(given):
    if isinstance(given, datetime.datetime):
        if given.tzinfo is not None:
            return given.astimezone(datetime.timezone.utc)
        return given.replace(tzinfo=datetime.timezone.utc)
    if not isinstance(given, numbers.Real) or isinstance(given, bool):
        raise make(_INITIALIZATION, f"at_time takes timestamps (numbers) and datetimes, not {given!r}")
    try:
        # What datetime.utcnow().timestamp() gives: the clock of UTC, read as if it were the local one.
        local = datetime.datetime.fromtimestamp(given)
        moment = local.replace(tzinfo=datetime.timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise make(_INITIALIZATION, f"at_time is not a moment that can be waited for: {given!r}") from None
    if moment != datetime.datetime.fromtimestamp(given, datetime.timezone.utc):
        _warn_of_zone(given, moment)
    return moment


_warned_of_zone = False


def _warn_of_zone(given, moment):
    global _warned_of_zone
    if not _warned_of_zone:
        _warned_of_zone = True
        warn(
            f"at_time {given!r} is understood as {moment:%Y-%m-%dT%H:%M:%SZ}: numbers are taken as "
            "datetime.utcnow().timestamp() gives them; give aware datetimes where that is not meant"
        )


def balance_number(balance, name="balance"):
    """The core's number of a way to choose among holders."""
    if balance not in _BALANCES:
        known = ", ".join(repr(each) for each in _BALANCES if each)
        raise make(_INVALID, f"{name} must be one of {known}, not {balance!r}")
    return _BALANCES[balance]


class Modifier:
    """Base of the four. Values: compared by what they say, never changed."""

    __slots__ = ("_fields", "_spec")

    def __init__(self, **fields):
        self._fields = fields
        self._spec = None

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}") from None

    def __eq__(self, other):
        return type(other) is type(self) and other._fields == self._fields

    def __hash__(self):
        return hash((type(self), repr(self._fields)))

    def __repr__(self):
        given = ", ".join(f"{name}={value!r}" for name, value in self._fields.items() if value is not None)
        return f"{type(self).__name__}({given})"

    def __reduce__(self):
        return _rebuild, (type(self), self._fields)

    def spec(self):
        """How the core is told; made once."""
        if self._spec is not None:
            return self._spec
        spec = self._make_spec()
        # A timeout until a moment is another span of time at each call.
        if not any(isinstance(self._fields.get(name), datetime.datetime) for name in ("timeout", "eta", "interval")):
            self._spec = spec
        return spec

    def _make_spec(self):
        field = self._fields.get
        key = field("key")
        return _core.Spec(
            nanoseconds(field("timeout"), "timeout"),
            nanoseconds(field("eta"), "eta"),
            bool(field("return_result", True)),
            "" if field("receiver") is None else str(field("receiver")),
            balance_number(field("balance")),
            "" if key is None else str(key),
            type(self) is BROADCAST,
        )


def _rebuild(kind, fields):
    return kind(**fields)


class FG(Modifier):
    """Foreground: the call blocks until its result is here.

    ``timeout``: how long at most. ``receiver``: the process that is to run it. ``balance`` and ``key``: how one of
    several holders is chosen.
    """

    __slots__ = ()

    def __init__(self, timeout=None, receiver=None, balance=None, key=None):
        super().__init__(timeout=timeout, receiver=receiver, balance=balance, key=key)
        self.spec()


class BG(Modifier):
    """Background: the call returns an AsyncResult at once, or None with ``return_result=False``.

    ``eta`` delays sending without blocking; ``timeout`` counts from its end.
    """

    __slots__ = ()

    def __init__(self, timeout=None, eta=None, return_result=True, receiver=None, balance=None, key=None):
        super().__init__(
            timeout=timeout, eta=eta, return_result=return_result, receiver=receiver, balance=balance, key=key
        )
        self.spec()


class BROADCAST(Modifier):
    """Everybody who holds the callback runs it; the result is a dict of process name to result."""

    __slots__ = ()

    def __init__(self, timeout=None, eta=None, return_result=True):
        super().__init__(timeout=timeout, eta=eta, return_result=return_result)
        self.spec()


class PERIOD(Modifier):
    """The callback runs at certain times (``at_time``), or again and again (``interval``). Gives a ScheduledTask."""

    __slots__ = ("_moments", "_length")

    def __init__(self, at_time=None, interval=None, receiver=None, period=None, balance=None, key=None):
        if interval is not None and period is not None:
            raise make(_INITIALIZATION, "PERIOD: interval and period are two names of one argument")
        if interval is None:
            interval = period
        moments = _moments(at_time)
        length = nanoseconds(interval, "interval")
        if moments and length:
            raise make(_INITIALIZATION, "PERIOD takes at_time or interval, and not both")
        if not moments and not length:
            raise make(_INITIALIZATION, "PERIOD needs at_time or interval; an interval of zero is none")
        super().__init__(at_time=at_time, interval=interval, receiver=receiver, balance=balance, key=key)
        self._moments, self._length = moments, length

    def _make_spec(self):
        return super()._make_spec().at(self._moments, self._length)


def as_modifier(given, default=None):
    """A modifier from a class or an instance."""
    if given is None:
        given = default
    if isinstance(given, Modifier):
        return given
    if isinstance(given, type) and issubclass(given, Modifier) and given is not Modifier:
        return _plain(given)
    raise make(2, f"an execution modifier must be FG, BG, PERIOD or BROADCAST, a class or an instance, not {given!r}")


_PLAIN = {}


def _plain(kind):
    if kind not in _PLAIN:
        _PLAIN[kind] = kind()
    return _PLAIN[kind]
