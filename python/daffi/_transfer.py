"""Functions that run in another process: taken apart here, put together there. Documentation: 2.9, 4."""

import collections
import types

from . import _calling, _core, _registered, _values, exceptions
from ._errors import make
from .modifiers import FG, as_modifier

_UNENCODABLE, _UNKNOWN_PROCESSES = 7, (4, 8)
_MOST_SOURCES = 64
_sources: collections.OrderedDict = collections.OrderedDict()


def dump(function):
    """A function as bytes, with the globals and closures it uses."""
    try:
        return b"".join(_values._dump(function))
    except Exception as error:  # pickle raises whatever the objects in it raise
        text = f"the function {_name_of(function)!r} cannot be sent: {type(error).__name__}: {error}"
        raise make(_UNENCODABLE, text) from error


def load(dumped):
    """A dumped function, and what a call of it gives."""
    function = _values.decode_pickle(dumped)
    return function, _registered.kind_of(function)


def load_source(text, digest, name):
    """A function of a module given as source; the module lives as long as it is used now and then."""
    module = _sources.get(digest)
    if module is None:
        module = types.ModuleType(f"daffi_source_{digest[:16]}")
        exec(compile(text, f"<source {digest[:16]}>", "exec"), module.__dict__)
        _sources[digest] = module
        if len(_sources) > _MOST_SOURCES:
            _sources.popitem(last=False)
    _sources.move_to_end(digest)
    function = getattr(module, name, None)
    if not callable(function):
        raise AttributeError(f"the source has no function {name!r}")
    return function, _registered.kind_of(function)


def _name_of(function):
    return getattr(function, "__name__", type(function).__name__)


def _begin(core, process, function, args, kwargs, modifier, wait):
    if not callable(function):
        raise make(6, f"transfer_and_call takes a function, not {function!r}")
    function = getattr(function, "wrapped", function)  # a callback or fetcher: its own function
    yields = _registered.kind_of(function) in (_registered.GENERATOR, _registered.ASYNC_GENERATOR)
    try:
        return core.transfer(
            str(process), _name_of(function), dump(function), args, kwargs, modifier.spec(), yields, wait
        )
    except exceptions.DaffiError as error:
        if error.code in _UNKNOWN_PROCESSES:
            raise make(1, f"Seems process {str(process)!r} is not running.") from error
        raise


def transfer_and_call(core, process, function, args, kwargs):
    """Blocks until the function has run there."""
    name = _name_of(function)
    _calling.warn_if_in_loop(name)
    return _begin(core, process, function, args, kwargs, as_modifier(FG), True)


async def transfer_and_call_async(core, process, function, args, kwargs):
    """The same for coroutines."""
    begun = _begin(core, process, function, args, kwargs, as_modifier(FG), False)
    return await _calling.result_async(begun)


_core.set_code_functions(load, load_source)
