"""For tests of programs that use daffi: a controller and any number of nodes in one process, over a private socket."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import Self

from ._global import Global

__all__ = ["Cluster", "Node", "daffi_cluster"]

_F = TypeVar("_F", bound=Callable[..., Any])

class Node(Global):
    def callback(self, function: _F, name: str | None = None) -> _F: ...

class Cluster:
    controller: Node
    def __init__(self, **options: Any) -> None: ...
    def node(self, process_name: str | None = None, **options: Any) -> Node: ...
    def stop(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

#: A fixture of pytest.
def daffi_cluster() -> Iterator[Cluster]: ...
