"""Global: starts and stops this process's controller and node, and makes calls."""

import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from types import TracebackType
from typing import Any, TypeVar, overload

from typing_extensions import ParamSpec, Self, TypeAlias

from ._calling import LazyRemoteCall
from .async_result import IterableAsyncResult
from .modifiers import _Balance, _Duration

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Path: TypeAlias = str | os.PathLike[str]
_Hook: TypeAlias = Callable[[Global, str], Any]

class _Single(type): ...

class Global(metaclass=_Single):
    _instances: dict[type[Global], Global]
    def __init__(
        self,
        process_name: object = None,
        init_controller: bool = False,
        init_node: bool = True,
        host: str | None = None,
        port: int | None = None,
        unix_sock_path: _Path | None = None,
        on_init: _Hook | None = None,
        on_node_connect: _Hook | None = None,
        on_node_disconnect: _Hook | None = None,
        ssl_certificate: _Path | None = None,
        ssl_key: _Path | None = None,
        *,
        token: str | None = None,
        token_roles: Mapping[str, str] | None = None,
        ssl_ca: _Path | None = None,
        allow_code: bool = False,
        state_dir: _Path | None = None,
        grace: _Duration = None,
        heartbeat: _Duration = None,
        connect_timeout: _Duration = None,
        connect_wait: _Duration = None,
        default_timeout: _Duration = None,
        drain_timeout: _Duration = None,
        handler_threads: int | None = None,
        max_message_size: int | None = None,
        max_connections: int | None = None,
        max_connections_per_address: int | None = None,
        busy_poll: _Duration = None,
        balance: _Balance | None = None,
    ) -> None: ...
    @property
    def call(self) -> LazyRemoteCall: ...
    @property
    def is_controller(self) -> bool: ...
    @property
    def process_name(self) -> str: ...
    @property
    def port(self) -> int | None: ...
    @property
    def unix_sock_path(self) -> str | None: ...
    @property
    def connected(self) -> bool: ...
    @property
    def registered_callbacks(self) -> dict[str, list[str]]: ...
    @property
    def stats(self) -> dict[str, int]: ...
    def wait_process(self, process_name: str, timeout: _Duration = None) -> None: ...
    def wait_function(self, func_name: str, timeout: _Duration = None) -> None: ...
    async def wait_process_async(self, process_name: str, timeout: _Duration = None) -> None: ...
    async def wait_function_async(self, func_name: str, timeout: _Duration = None) -> None: ...
    @overload
    def transfer_and_call(
        self, remote_process: str, func: Callable[_P, Coroutine[Any, Any, _T]], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T: ...
    @overload
    def transfer_and_call(
        self,
        remote_process: str,
        func: Callable[_P, Generator[_T, Any, Any]] | Callable[_P, AsyncGenerator[_T, Any]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> IterableAsyncResult[_T]: ...
    @overload
    def transfer_and_call(
        self, remote_process: str, func: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T: ...
    @overload
    async def transfer_and_call_async(
        self, remote_process: str, func: Callable[_P, Coroutine[Any, Any, _T]], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T: ...
    @overload
    async def transfer_and_call_async(
        self,
        remote_process: str,
        func: Callable[_P, Generator[_T, Any, Any]] | Callable[_P, AsyncGenerator[_T, Any]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> IterableAsyncResult[_T]: ...
    @overload
    async def transfer_and_call_async(
        self, remote_process: str, func: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T: ...
    def get_scheduled_tasks(self, remote_process: str) -> list[dict[str, Any]]: ...
    def cancel_scheduled_task_by_uuid(self, remote_process: str, uuid: str) -> bool: ...
    def join(self) -> None: ...
    async def join_async(self) -> None: ...
    def stop(self, deadline: _Duration = None) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

def all_running() -> list[Global]: ...
