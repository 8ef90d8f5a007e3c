"""Log lines through the standard logging module, under the logger ``daffi`` and its children."""

import logging
import os
import sys
import time

from . import _core

_LEVELS = {0: logging.DEBUG, 1: logging.INFO, 2: logging.WARNING, 3: logging.ERROR}
_COLOURS = {logging.DEBUG: "\x1b[2m", logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m", logging.CRITICAL: "\x1b[31m"}


class _Console(logging.Handler):
    """Ours: up to INFO to stdout, the rest to stderr; gone as soon as the application brings its own."""

    def emit(self, record):
        stream = sys.stdout if record.levelno < logging.WARNING else sys.stderr
        if stream is None:
            return
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        line = f"{record.levelname + ':':8} {moment} | {record.name} | {record.getMessage()}"
        if record.exc_info:
            line += "\n" + logging.Formatter().formatException(record.exc_info)
        colour = _COLOURS.get(record.levelno)
        try:
            if colour and stream.isatty():
                line = f"{colour}{line}\x1b[0m"
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):
            pass  # the stream is closed: there is nowhere left to tell


class _Logger(logging.Logger):
    """The logger ``daffi``: notices handlers and levels of the application's own."""

    def addHandler(self, hdlr):  # noqa: N802, N803 (logging's names)
        super().addHandler(hdlr)
        if hdlr is not _console and _console in self.handlers:
            self.removeHandler(_console)
            self.propagate = True

    def setLevel(self, level):  # noqa: N802
        super().setLevel(level)
        follow_level()


def _sink(level, part, text, created):
    logger = logging.getLogger(f"daffi.{part}" if part else "daffi")
    number = _LEVELS.get(level, logging.ERROR)
    if not logger.isEnabledFor(number):
        return
    record = logger.makeRecord(logger.name, number, "", 0, text, (), None)
    record.created = created
    record.msecs = (created - int(created)) * 1000
    logger.handle(record)


def follow_level():
    """The core builds no lines that nobody would see."""
    level = min([logger.getEffectiveLevel(), *(each.level for each in _children() if each.level)])
    _core.set_log_level(next((ours for ours, theirs in sorted(_LEVELS.items()) if theirs >= level), 4))


def _children():
    known = logging.Logger.manager.loggerDict
    return [each for name, each in known.items() if name.startswith("daffi.") and isinstance(each, logging.Logger)]


def _make_logger():
    made = logging.getLogger("daffi")
    made.__class__ = _Logger
    if made.level == logging.NOTSET:
        named = os.environ.get("DAFFI_LOG", "info").upper()
        logging.Logger.setLevel(made, getattr(logging, named, logging.CRITICAL + 1 if named == "OFF" else logging.INFO))
    if not made.handlers:
        logging.Logger.addHandler(made, _console)
        made.propagate = False
    return made


_console = _Console()
logger = _make_logger()


def start():
    """From now on the core's lines come here."""
    follow_level()
    _core.set_log_sink(_sink)


def stop():
    """Lines after this are written by the core itself."""
    _core.set_log_sink(None)
