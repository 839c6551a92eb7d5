"""A log of its own, written into a text."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.logs.fields import attach_call
from server.logs.lines import LogFormat, formatter
from server.logs.repeats import SparingHandler


@contextmanager
def logger(
    log_format: LogFormat = LogFormat.TEXT, window: float = 60.0
) -> Iterator[tuple[logging.Logger, Callable[[], list[str]]]]:
    """A logger, and what returns the lines so far. What it counted is told when the block ends."""
    text = io.StringIO()
    target = logging.StreamHandler(text)
    target.setFormatter(formatter(log_format))
    handler = SparingHandler(target, window)
    handler.addFilter(attach_call)
    made = logging.Logger("test")
    made.addHandler(handler)
    try:
        yield made, lambda: text.getvalue().splitlines()
    finally:
        handler.close()
