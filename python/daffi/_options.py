"""The arguments of Global, checked and as the core takes them."""

import inspect
import os

from . import exceptions
from .modifiers import balance_number, nanoseconds

_DURATIONS = ("grace", "heartbeat", "connect_timeout", "connect_wait", "default_timeout", "drain_timeout", "busy_poll")
_PATHS = ("unix_sock_path", "ssl_certificate", "ssl_key", "ssl_ca")


def _wrong(text):
    error = exceptions.InitializationError(text)
    error.code = 1
    return error


def _check_hook(name, hook):
    if hook is None:
        return
    if not callable(hook):
        raise _wrong(f"{name} must be a function of (g, process_name), not {hook!r}")
    if inspect.iscoroutinefunction(hook):
        raise _wrong(f"{name} must be a plain function, not a coroutine function")


def core_options(owner, given):
    """The dict for the core. Throws InitializationError that names the argument."""
    for name in ("on_init", "on_node_connect", "on_node_disconnect"):
        _check_hook(name, given[name])
    for name in ("ssl_certificate", "ssl_key", "ssl_ca"):
        path = given[name]
        if path is not None and not os.path.isfile(path):
            raise _wrong(f"{name} is no file: {os.fspath(path)}")
    options = {"init_controller": bool(given["init_controller"]), "init_node": bool(given["init_node"])}
    if given["process_name"] is not None:
        options["process_name"] = str(given["process_name"])
    if given["host"] is not None:
        options["host"] = str(given["host"])
    if given["port"] is not None:
        try:
            options["port"] = int(given["port"])
        except (TypeError, ValueError):
            raise _wrong(f"port must be a number, not {given['port']!r}") from None
    for name in _PATHS:
        if given[name] is not None:
            options[name] = os.fspath(given[name])
    if given["token"] is not None:
        options["token"] = str(given["token"])
    if given["token_roles"] is not None:
        try:
            options["token_roles"] = {str(role): str(token) for role, token in dict(given["token_roles"]).items()}
        except (TypeError, ValueError):
            raise _wrong("token_roles must be a dict of tokens by the names of their roles") from None
    try:
        for name in _DURATIONS:
            if given[name] is not None:
                options[name] = nanoseconds(given[name], name)
        if given["balance"] is not None:
            options["balance"] = balance_number(given["balance"])
    except exceptions.GlobalContextError as error:
        raise _wrong(str(error)) from None
    for name in ("handler_threads", "max_message_size", "max_connections", "max_connections_per_address"):
        if given[name] is not None:
            options[name] = int(given[name])
    options["allow_code"] = bool(given["allow_code"])
    if given["state_dir"] is not None:
        options["state_dir"] = os.fspath(given["state_dir"])
    for name in ("on_init", "on_node_connect", "on_node_disconnect"):
        if given[name] is not None:
            options[name] = _hook(owner, name, given[name])
    return options


def _hook(owner, name, hook):
    def run(process_name):
        try:
            hook(owner, process_name)
        except Exception:
            from ._logging import logger

            logger.getChild("global").exception("%s raised", name)

    return run
