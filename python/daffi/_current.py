"""The Global of this process, for those that refer to it without keeping it."""

_instances: dict = {}
_last = None
core = None  # of the running Global; None while nothing but current() can say what is the matter


def current():
    """The running Global, else the last one there was, else None."""
    for instance in _instances.values():
        return instance
    return _last


def remember(instance):
    """It stays known after its end, so that calls can say that it was stopped."""
    global _last
    _last = instance


def refresh():
    """A Global has come up, or has ended."""
    global core
    owner = current()
    core = None if owner is None else owner._usable
