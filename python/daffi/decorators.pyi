"""Decorators that make callbacks and fetchers of functions."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from typing_extensions import ParamSpec

from ._bodies import __body_unknown__ as __body_unknown__
from ._functions import CallbackFunction, FetcherFunction
from .modifiers import AnyModifier

__all__ = ["callback", "fetcher", "alias", "local", "__body_unknown__"]

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
D = TypeVar("D", bound=Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any])

body_unknown = __body_unknown__

@overload
def callback(function: FetcherFunction[P]) -> FetcherFunction[P]: ...
@overload
def callback(function: CallbackFunction[P, R]) -> CallbackFunction[P, R]: ...
@overload
def callback(function: Callable[P, R]) -> CallbackFunction[P, R]: ...
@overload
def fetcher(
    function: AnyModifier | None = None, exec_modifier: AnyModifier | None = None
) -> Callable[[Callable[P, Any]], FetcherFunction[P]]: ...
@overload
def fetcher(function: Callable[P, Any], exec_modifier: AnyModifier | None = None) -> FetcherFunction[P]: ...
def alias(name: str) -> Callable[[D], D]: ...
def local(method: D) -> D: ...
