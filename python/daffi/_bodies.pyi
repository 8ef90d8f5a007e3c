"""Whether a fetcher has a body."""

from collections.abc import Callable
from typing import Any

def __body_unknown__(*args: Any, **kwargs: Any) -> Any: ...
def has_body(function: Callable[..., Any]) -> bool: ...
