"""How a call is made, once its name, arguments and modifier are known."""

from collections.abc import Callable
from typing import Any, overload, type_check_only

from .async_result import ScheduledTask
from .modifiers import BG, BROADCAST, FG, PERIOD

class Args:
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __eq__(self, other: object) -> bool: ...

class LazyRemoteCall:
    def __getattr__(self, name: str) -> _NamedCall: ...

#: A name alone: its arguments come now, or after the modifier.
@type_check_only
class _NamedCall:
    def __call__(self, *args: Any, **kwargs: Any) -> LazyCall: ...
    @overload
    def __and__(self, modifier: PERIOD) -> Callable[..., ScheduledTask]: ...
    @overload
    def __and__(
        self, modifier: FG | BG | BROADCAST | type[FG] | type[BG] | type[BROADCAST]
    ) -> Callable[..., Any]: ...

class LazyCall:
    @overload
    def __and__(self, modifier: PERIOD) -> ScheduledTask: ...
    @overload
    def __and__(self, modifier: FG | BG | BROADCAST | type[FG] | type[BG] | type[BROADCAST]) -> Any: ...
