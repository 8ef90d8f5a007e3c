"""Functions as callbacks and as fetchers: what the decorators make of them."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from typing_extensions import Concatenate, ParamSpec, Self

from ._global import Global
from .modifiers import _AnyModifier, Modifier

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R", covariant=True)
_S = TypeVar("_S")

class CallbackFunction(Generic[_P, _R]):
    __name__: str
    wrapped: Callable[_P, _R]
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    #: None before there is one.
    @property
    def g(self) -> Global: ...
    @property
    def alias(self) -> str: ...
    @alias.setter
    def alias(self, name: str) -> None: ...

class FetcherFunction(Generic[_P]):
    __name__: str
    wrapped: Callable[_P, Any]
    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(
        self: FetcherFunction[Concatenate[_S, _Q]], instance: _S, owner: type | None = None
    ) -> FetcherFunction[_Q]: ...
    #: What the callback gives, or what the modifier makes of it; its function's own result are the arguments.
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Any: ...
    def call(self, *args: Any, exec_modifier: _AnyModifier | None = None, **kwargs: Any) -> Any: ...
    #: None before there is one.
    @property
    def g(self) -> Global: ...
    @property
    def alias(self) -> str: ...
    @alias.setter
    def alias(self, name: str) -> None: ...
    @property
    def exec_modifier(self) -> Modifier: ...
    @exec_modifier.setter
    def exec_modifier(self, modifier: _AnyModifier) -> None: ...

def check_function(function: object, what: str) -> None: ...
def check_alias(name: object) -> str: ...
