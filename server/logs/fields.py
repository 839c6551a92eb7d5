"""What a line of the log tells, whatever it looks like."""

from __future__ import annotations

import logging
import traceback
from dataclasses import asdict

from server.logs.calls import LoggedCall, current_call
from server.logs.escaping import printable

_MOST_FRAMES = 40
_OF_THE_LINE = ("seconds", "status", "reason", "repeated", "request_ids")

Field = str | float | int | list[str]


def attach_call(record: logging.LogRecord) -> bool:
    """A filter for a handler, which runs where the line is logged: the formatter may run elsewhere. Keeps all
    records."""
    record.__dict__["call"] = current_call()
    return True


def call_of(record: logging.LogRecord) -> LoggedCall | None:
    """The call that ``attach_call`` found."""
    call = getattr(record, "call", None)
    return call if isinstance(call, LoggedCall) else None


def message_of(record: logging.LogRecord) -> str:
    """The record's message, printable and on one line."""
    return printable(record.getMessage())


def fields_of(record: logging.LogRecord) -> dict[str, Field]:
    """What is known of the call that the record is about, and how it ended; printable, without what is not known."""
    call = call_of(record)
    of_the_line = {name: getattr(record, name) for name in _OF_THE_LINE if hasattr(record, name)}
    fields = {**(asdict(call) if call else {}), **of_the_line}
    return {name: _harmless(value) for name, value in fields.items() if value not in ("", [])}


def trace_of(record: logging.LogRecord) -> list[str]:
    """The lines of the record's traceback, the innermost 40 frames of each exception, printable; none without one."""
    if not record.exc_info or record.exc_info[0] is None:
        return []
    text = "".join(traceback.format_exception(*record.exc_info, limit=-_MOST_FRAMES))
    return [printable(line) for line in text.rstrip().split("\n")]


def _harmless(value: Field) -> Field:
    if isinstance(value, list):
        return [printable(item) for item in value]
    return printable(value) if isinstance(value, str) else value
