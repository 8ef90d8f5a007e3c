"""What daffi raises."""

import builtins
from typing import Any

__all__ = [
    "DaffiError",
    "RemoteCallError",
    "UnableToFindCandidate",
    "RemoteStoppedUnexpectedly",
    "InitializationError",
    "GlobalContextError",
    "TimeoutError",
    "CancelledError",
    "NotPermittedError",
    "TooLargeError",
    "BusyError",
    "ProtocolError",
]

class DaffiError(Exception):
    may_have_run: bool
    retryable: bool
    code: int
    def __init__(self, message: object = "", *args: object) -> None: ...
    @property
    def message(self) -> str: ...

class RemoteCallError(DaffiError): ...
class UnableToFindCandidate(DaffiError): ...
class RemoteStoppedUnexpectedly(DaffiError): ...
class InitializationError(DaffiError): ...
class GlobalContextError(DaffiError): ...

class TimeoutError(DaffiError, builtins.TimeoutError):
    #: Of a broadcast: what had arrived, by process.
    results: dict[str, Any] | None

class CancelledError(DaffiError): ...
class NotPermittedError(DaffiError): ...
class TooLargeError(DaffiError): ...
class BusyError(DaffiError): ...
class ProtocolError(DaffiError): ...

BaseException = DaffiError
