"""The log's lines, for people or for programs."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from enum import StrEnum

from server.logs.fields import Field, fields_of, message_of, trace_of


class LogFormat(StrEnum):
    """Text for people, or one JSON object a line for programs."""

    TEXT = "text"
    JSON = "json"


def formatter(log_format: LogFormat) -> logging.Formatter:
    """What makes lines of records. Whatever a record holds, it cannot begin a line of its own."""
    return JsonFormatter() if log_format is LogFormat.JSON else TextFormatter()


class TextFormatter(logging.Formatter):
    """Time, level, logger, message and what is known of the call; a traceback follows on lines that begin with a
    bar."""

    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        line = f"{when},{int(record.msecs):03} {record.levelname} {record.name}: {message_of(record)}"
        told = " ".join(f"{name}={_shown(value)}" for name, value in fields_of(record).items())
        return "\n".join([f"{line} [{told}]" if told else line, *(f"  | {row}" for row in trace_of(record))])


class JsonFormatter(logging.Formatter):
    """An object with time (UTC, ISO 8601), level, logger, message, what is known of the call, and a traceback as a
    list of lines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Field] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
        }
        trace = trace_of(record)
        return json.dumps(line | fields_of(record) | ({"traceback": trace} if trace else {}))


def _shown(value: Field) -> str:
    """Quoted where it could be taken for two."""
    text = ",".join(value) if isinstance(value, list) else str(value)
    return json.dumps(text, ensure_ascii=False) if set(' "[]=') & set(text) else text
