"""The process's log, from its first line on."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from server.logs.fields import attach_call
from server.logs.lines import LogFormat, formatter
from server.logs.repeats import SparingHandler

_log = logging.getLogger(__name__)


@contextmanager
def logging_to(stream: TextIO, log_format: LogFormat) -> Iterator[None]:
    """Writes what the process logs to ``stream`` during the block, and what Python would write beside it: warnings, and
    exceptions that end a thread or that nobody can catch."""
    handler = _handler(stream, log_format)
    root, level, hooks = logging.getLogger(), logging.getLogger().level, (threading.excepthook, sys.unraisablehook)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook, sys.unraisablehook = _log_end_of_thread, _log_ignored
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(False)
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _handler(stream: TextIO, log_format: LogFormat) -> logging.Handler:
    target = logging.StreamHandler(stream)
    target.setFormatter(formatter(log_format))
    handler = SparingHandler(target)
    handler.addFilter(attach_call)
    return handler


def _log_end_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _log.error("A thread ended with an exception.", exc_info=arguments.exc_value)


def _log_ignored(arguments: sys.UnraisableHookArgs) -> None:
    if arguments.exc_value is not None:
        _log.error("An exception was ignored.", exc_info=arguments.exc_value)
