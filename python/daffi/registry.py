"""Classes whose methods are callbacks or fetchers. Documentation: 1.1, 2.1 to 2.4."""

import abc
import inspect
import threading

from . import _registered, exceptions
from ._bodies import __body_unknown__
from ._calling import Args
from ._current import current
from ._functions import CallbackFunction, FetcherFunction
from ._logging import logger

__all__ = ["Callback", "Fetcher", "Args", "__body_unknown__"]

body_unknown = __body_unknown__


def _function_of(attribute):
    return getattr(attribute, "__func__", attribute)


def _is_public(name, attribute):
    function = _function_of(attribute)
    return (
        not name.startswith("_")
        and inspect.isfunction(function)
        and not getattr(function, "__daffi_local__", False)
    )


class _Made(abc.ABCMeta):
    """Runs ``__post_init__`` once an instance is complete, whatever its class's own ``__init__`` does."""

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace, **kwargs)
        if getattr(cls, "auto_init", False) and not inspect.isabstract(cls):
            cls()

    def __call__(cls, *args, **kwargs):
        cls._before_instance()
        instance = super().__call__(*args, **kwargs)
        hook = getattr(instance, "__post_init__", None)
        if hook is not None:
            hook()
        instance._complete()
        return instance


class _Base(metaclass=_Made):
    @property
    def g(self):
        """The Global of this process; None before there is one."""
        return current()

    @classmethod
    def _before_instance(cls):
        pass

    def _complete(self):
        pass

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        names = {base.__name__ for base in cls.__bases__ if base.__module__ == __name__}
        if names == {"Callback", "Fetcher"}:
            raise exceptions.InitializationError(
                f"Multiple inheritance is prohibited: class {cls.__name__!r} derives from both Callback and Fetcher"
            )


class _Offered:
    """The callbacks of one Callback class, and the instance that runs them."""

    def __init__(self, cls):
        self.cls = cls
        self.instance = None
        self.implicit = False  # made by us, so an instance of the user's takes its place
        self.making = False
        self.lock = threading.RLock()
        self.handlers = {}
        for name, attribute in self._methods():
            function = _function_of(attribute)
            shown = getattr(function, "__daffi_alias__", None) or name
            bound = isinstance(attribute, (staticmethod, classmethod))
            handler = _registered.make_handler(
                shown,
                getattr(cls, name) if bound else self._first_call(name),
                described=function,
                skip_first=not isinstance(attribute, staticmethod),
            )
            self.handlers[name] = (handler, bound)
            _registered.register(handler)

    def _methods(self):
        found = {}
        for base in reversed(self.cls.__mro__):
            if base in (object, Callback, _Base):
                continue
            for name, attribute in vars(base).items():
                if _is_public(name, attribute):
                    found[name] = attribute
                else:
                    found.pop(name, None)
        return found.items()

    def _first_call(self, name):
        kind = _registered.kind_of(_function_of(inspect.getattr_static(self.cls, name)))
        if kind == _registered.COROUTINE:

            async def coroutine(*args, **kwargs):
                return await getattr(self.made(), name)(*args, **kwargs)

            return coroutine
        return lambda *args, **kwargs: getattr(self.made(), name)(*args, **kwargs)

    def made(self):
        """The instance; one without arguments when the user has made none."""
        with self.lock:
            if self.instance is None:
                self.making = True
                try:
                    self.cls()
                except TypeError as error:
                    raise exceptions.InitializationError(
                        f"callback class {self.cls.__name__!r} has no instance, and cannot be made without arguments "
                        f"({error}): create it in its own process"
                    ) from error
                finally:
                    self.making = False
                self.implicit = True
                logger.info("callback class %r was instantiated at its first call", self.cls.__name__)
            return self.instance

    def bind(self, instance):
        """From now on these methods run."""
        with self.lock:
            self.instance = instance
            self.implicit = False
            for name, (handler, bound) in self.handlers.items():
                if not bound:
                    handler.function = getattr(instance, name)


class Callback(_Base):
    """Its public methods may be called by other processes, under their names or aliases.

    With ``auto_init = True`` the class is instantiated when it is defined; otherwise its user makes exactly one
    instance. ``__post_init__`` runs once the instance is complete.
    """

    auto_init = False
    _offered = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._offered = _Offered(cls)

    @classmethod
    def _before_instance(cls):
        offered = cls._offered
        if offered is None or offered.making:
            return
        if offered.instance is not None and not offered.implicit:
            raise exceptions.InitializationError(f"Only one callback instance of {cls.__name__!r} should be created.")

    def _complete(self):
        super()._complete()
        if type(self)._offered is not None:
            type(self)._offered.bind(self)


class _MethodFetcher:
    """A method of a Fetcher class; looked up on an instance it is that instance's fetcher."""

    def __init__(self, function, name, exec_modifier=None, alias=None):
        self.function = function
        self.name = name
        self.exec_modifier = exec_modifier
        self.alias = alias or getattr(function, "__daffi_alias__", None)
        self.__doc__ = function.__doc__

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        bound = FetcherFunction(self.function, self.exec_modifier, name=self.alias or self.name, instance=instance)
        # Found there at the next look-up, before this descriptor.
        instance.__dict__[self.name] = bound
        return bound


class Fetcher(_Base):
    """Its public methods stand for callbacks of other processes.

    ``exec_modifier`` is how all of them call unless told otherwise; ``@fetcher(modifier)`` tells a single one. Any number of instances may be made, before or after
    the Global: they find it when they call.
    """

    exec_modifier = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name, attribute in list(vars(cls).items()):
            if isinstance(attribute, FetcherFunction) and attribute.wrapped.__qualname__ == f"{cls.__qualname__}.{name}":
                alias = None if attribute.alias == attribute.wrapped.__name__ else attribute.alias
                setattr(cls, name, _MethodFetcher(attribute.wrapped, name, attribute._modifier, alias))
                continue
            if isinstance(attribute, CallbackFunction) or not _is_public(name, attribute):
                continue
            if isinstance(attribute, (staticmethod, classmethod)):
                function = _function_of(attribute)
                made = FetcherFunction(
                    function,
                    name=getattr(function, "__daffi_alias__", None) or name,
                    instance=cls if isinstance(attribute, classmethod) else None,
                    owner=cls,
                )
                setattr(cls, name, staticmethod(made))
                continue
            setattr(cls, name, _MethodFetcher(attribute, name))
