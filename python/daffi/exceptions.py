"""What daffi raises.

Every error tells what its caller may do about it: ``may_have_run`` (the callback has at least begun, perhaps) and
``retryable`` (the same call may succeed when made again, and making it again is safe).
"""

import builtins as _builtins

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
    """Base of all of them."""

    #: The callback may at least have begun.
    may_have_run = False
    #: Making the same call again is safe and may succeed.
    retryable = False
    #: Number of the error, see docs/errors.md; 0 for those made in Python.
    code = 0

    def __init__(self, message="", *args):
        super().__init__(message, *args)

    @property
    def message(self):
        """The error's text."""
        return str(self.args[0]) if self.args else ""

    def __reduce__(self):
        state = {name: value for name, value in self.__dict__.items() if name != "__notes__"}
        return type(self), self.args, state


class RemoteCallError(DaffiError):
    """The callback raised, or could not take its arguments or give its result. ``__cause__`` is what it raised."""

    may_have_run = True


class UnableToFindCandidate(DaffiError):
    """No process is there that could take the call."""


class RemoteStoppedUnexpectedly(DaffiError):
    """The callee, or the controller on the way to it, went away."""


class InitializationError(DaffiError):
    """A Global, callback, fetcher or modifier cannot be set up as asked."""


class GlobalContextError(DaffiError):
    """The call was wrong where it was made: nothing was sent."""


class TimeoutError(DaffiError, _builtins.TimeoutError):
    """Time ran out. Of a broadcast, ``results`` holds what had arrived."""

    results = None


class CancelledError(DaffiError):
    """The caller cancelled the call."""


class NotPermittedError(DaffiError):
    """This caller may not do this there."""


class TooLargeError(DaffiError):
    """A value is larger than the limit allows."""


class BusyError(DaffiError):
    """A queue or pool over there is full, or the callee is stopping: the call was not run."""


class ProtocolError(DaffiError):
    """A peer sent what the protocol does not allow."""


#: The documentation's name of the base; never exported by ``import *``.
BaseException = DaffiError
