"""daffi: call functions of other processes by name, through a controller."""

from ._core import Context as Context
from ._global import Global as Global
from .async_result import AsyncResult as AsyncResult
from .async_result import ScheduledTask as ScheduledTask
from .modifiers import BG as BG
from .modifiers import BROADCAST as BROADCAST
from .modifiers import FG as FG
from .modifiers import PERIOD as PERIOD

__all__ = ["Global", "FG", "BG", "PERIOD", "BROADCAST"]
__version__: str

def current_call() -> Context | None: ...
