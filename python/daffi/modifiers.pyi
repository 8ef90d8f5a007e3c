"""Execution modifiers: how a call is made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from typing_extensions import TypeAlias

__all__ = ["FG", "BG", "PERIOD", "BROADCAST"]

#: Seconds, a span of time, the moment of its end, or text such as "1m24s"; None and 0 are none.
_Duration: TypeAlias = float | str | timedelta | datetime | None
#: What ``datetime.utcnow().timestamp()`` gives, or a datetime.
_Moment: TypeAlias = float | datetime
_Balance: TypeAlias = Literal["round_robin", "random", "least_pending", "sticky"]

class Modifier:
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class FG(Modifier):
    timeout: _Duration
    receiver: str | None
    balance: _Balance | None
    key: str | None
    def __init__(
        self,
        timeout: _Duration = None,
        receiver: str | None = None,
        balance: _Balance | None = None,
        key: str | None = None,
    ) -> None: ...

class BG(Modifier):
    timeout: _Duration
    eta: _Duration
    return_result: bool
    receiver: str | None
    balance: _Balance | None
    key: str | None
    def __init__(
        self,
        timeout: _Duration = None,
        eta: _Duration = None,
        return_result: bool = True,
        receiver: str | None = None,
        balance: _Balance | None = None,
        key: str | None = None,
    ) -> None: ...

class BROADCAST(Modifier):
    timeout: _Duration
    eta: _Duration
    return_result: bool
    def __init__(self, timeout: _Duration = None, eta: _Duration = None, return_result: bool = True) -> None: ...

class PERIOD(Modifier):
    at_time: _Moment | Sequence[_Moment] | None
    interval: _Duration
    receiver: str | None
    balance: _Balance | None
    key: str | None
    def __init__(
        self,
        at_time: _Moment | Sequence[_Moment] | None = None,
        interval: _Duration = None,
        receiver: str | None = None,
        period: _Duration = None,
        balance: _Balance | None = None,
        key: str | None = None,
    ) -> None: ...

#: A class or an instance will do wherever a modifier is asked for.
_AnyModifier: TypeAlias = Modifier | type[Modifier]

def nanoseconds(value: object, name: str) -> int: ...
def balance_number(balance: object, name: str = "balance") -> int: ...
def as_modifier(given: object, default: _AnyModifier | None = None) -> Modifier: ...
