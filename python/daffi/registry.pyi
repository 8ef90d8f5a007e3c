"""Classes whose methods are callbacks or fetchers."""

import abc

from ._bodies import __body_unknown__ as __body_unknown__
from ._calling import Args as Args
from ._global import Global
from .modifiers import _AnyModifier

__all__ = ["Callback", "Fetcher", "Args", "__body_unknown__"]

body_unknown = __body_unknown__

class _Made(abc.ABCMeta): ...

class _Base(metaclass=_Made):
    #: None before there is one.
    @property
    def g(self) -> Global: ...

class Callback(_Base):
    auto_init: bool

class Fetcher(_Base):
    exec_modifier: _AnyModifier | None
