"""What the process would write beside its log goes through it."""

from __future__ import annotations

import io
import threading
import warnings

from server.logs.lines import LogFormat
from server.logs.setup import logging_to

FORGED = "x\n2026-12-01 00:00:00,000 INFO server: forged\x1b[2J"


class Broken:
    """Fails where nobody can catch it."""

    def __del__(self) -> None:
        raise ValueError(FORGED)


def fail() -> None:
    raise ValueError(FORGED)


def test_warnings_and_exceptions_that_nobody_catches_are_lines_of_the_log() -> None:
    text = io.StringIO()
    with logging_to(text, LogFormat.TEXT), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(FORGED, stacklevel=1)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join(20)
        Broken()
    lines = text.getvalue().splitlines()
    assert all(line.isprintable() and not line.startswith("2026-12-01 00:00:00,000") for line in lines)
    assert len([line for line in lines if not line.startswith("  | ")]) == 3
