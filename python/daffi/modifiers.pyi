"""Execution modifiers: how a call is made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from typing_extensions import TypeAlias

__all__ = ["FG", "BG", "PERIOD", "BROADCAST"]

#: Seconds, a span of time, the moment of its end, or text such as "1m24s"; None and 0 are none.
Duration: TypeAlias = float | str | timedelta | datetime | None
#: What ``datetime.utcnow().timestamp()`` gives, or a datetime.
Moment: TypeAlias = float | datetime
Balance: TypeAlias = Literal["round_robin", "random", "least_pending", "sticky"]

class Modifier:
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class FG(Modifier):
    timeout: Duration
    receiver: str | None
    balance: Balance | None
    key: str | None
    def __init__(
        self,
        timeout: Duration = None,
        receiver: str | None = None,
        balance: Balance | None = None,
        key: str | None = None,
    ) -> None: ...

class BG(Modifier):
    timeout: Duration
    eta: Duration
    return_result: bool
    receiver: str | None
    balance: Balance | None
    key: str | None
    def __init__(
        self,
        timeout: Duration = None,
        eta: Duration = None,
        return_result: bool = True,
        receiver: str | None = None,
        balance: Balance | None = None,
        key: str | None = None,
    ) -> None: ...

class BROADCAST(Modifier):
    timeout: Duration
    eta: Duration
    return_result: bool
    def __init__(self, timeout: Duration = None, eta: Duration = None, return_result: bool = True) -> None: ...

class PERIOD(Modifier):
    at_time: Moment | Sequence[Moment] | None
    interval: Duration
    receiver: str | None
    balance: Balance | None
    key: str | None
    def __init__(
        self,
        at_time: Moment | Sequence[Moment] | None = None,
        interval: Duration = None,
        receiver: str | None = None,
        period: Duration = None,
        balance: Balance | None = None,
        key: str | None = None,
    ) -> None: ...

#: A class or an instance will do wherever a modifier is asked for.
AnyModifier: TypeAlias = Modifier | type[Modifier]
