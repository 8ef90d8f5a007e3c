"""daffi: call functions of other processes by name, through a controller.

    from daffi import Global, FG, BG, PERIOD, BROADCAST
"""

from . import _errors, _values  # noqa: F401 (they give the core its functions)
from ._global import Global
from ._loops import current_call
from .async_result import AsyncResult, ScheduledTask
from .modifiers import BG, BROADCAST, FG, PERIOD

__all__ = ["Global", "FG", "BG", "PERIOD", "BROADCAST"]
__version__ = "0.1.0"
_more = (AsyncResult, ScheduledTask, current_call)
