"""Whether a fetcher has a body: decided from its byte code, so that source need not be at hand."""

import dis

_MARKS = {"__body_unknown__", "body_unknown"}
_SKIPPED = {"NOP", "EXTENDED_ARG", "CACHE"}


def __body_unknown__(*args, **kwargs):
    """Stands for a body that is elsewhere: a fetcher that mentions it has none of its own."""


def has_body(function):
    """True for a function with a ``return`` of something other than the literal None. Generators are not asked."""
    code = getattr(function, "__code__", None)
    if code is None or _MARKS.intersection(code.co_names):
        return False
    before = None
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in _SKIPPED:
            continue
        if name == "RETURN_CONST":
            if instruction.argval is not None:
                return True
        elif name == "RETURN_VALUE":
            is_none = before is not None and before.opname == "LOAD_CONST" and before.argval is None
            if not is_none:
                return True
        before = instruction
    return False
