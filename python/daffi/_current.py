"""The Global of this process, for those that refer to it without keeping it."""

_instances: dict = {}
_last = None


def current():
    """The running Global, else the last one there was, else None."""
    for instance in _instances.values():
        return instance
    return _last


def remember(instance):
    """It stays known after its end, so that calls can say that it was stopped."""
    global _last
    _last = instance
