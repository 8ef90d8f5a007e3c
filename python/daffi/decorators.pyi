"""Decorators that make callbacks and fetchers of functions."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from typing_extensions import ParamSpec

from ._bodies import __body_unknown__ as __body_unknown__
from ._functions import CallbackFunction, FetcherFunction
from .modifiers import _AnyModifier

__all__ = ["callback", "fetcher", "alias", "callers", "local", "__body_unknown__"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_D = TypeVar("_D", bound=Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any])

body_unknown = __body_unknown__

@overload
def callback(function: FetcherFunction[_P]) -> FetcherFunction[_P]: ...  # type: ignore[overload-overlap]
@overload
def callback(function: CallbackFunction[_P, _R]) -> CallbackFunction[_P, _R]: ...
@overload
def callback(function: Callable[_P, _R]) -> CallbackFunction[_P, _R]: ...
@overload
def fetcher(
    function: _AnyModifier | None = None, exec_modifier: _AnyModifier | None = None
) -> Callable[[Callable[_P, Any]], FetcherFunction[_P]]: ...
@overload
def fetcher(function: Callable[_P, Any], exec_modifier: _AnyModifier | None = None) -> FetcherFunction[_P]: ...
def alias(name: str) -> Callable[[_D], _D]: ...
def callers(*names: str) -> Callable[[_D], _D]: ...
def local(method: _D) -> _D: ...
