"""What was said of one kind in one window of time."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from server.logs.fields import call_of, message_of

_KEPT = ("name", "levelno", "levelname", "status", "reason", "call")

MOST_IDS = 10  # of requests that a summary names


@dataclass
class Window:
    """Until ``end`` (of ``time.monotonic``) ``room`` lines of a kind are said, and what comes then is counted. It keeps
    words, never an exception: its traceback would keep a call's pictures."""

    end: float
    room: int
    repeated: int = 0
    _last: logging.LogRecord | None = None
    _request_ids: list[str] = field(default_factory=list)

    def takes(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be said; else it has been counted."""
        if self.room:
            self.room -= 1
            return True
        self._count(record)
        return False

    def summary(self, seconds: float) -> logging.LogRecord | None:
        """The last record with how many there were; None when there was none."""
        if self._last:
            self._last.msg += f" ({self.repeated} more like this within {seconds:.0f} s)"
            self._last.__dict__.update(repeated=self.repeated, request_ids=self._request_ids)
        return self._last

    def _count(self, record: logging.LogRecord) -> None:
        self.repeated += 1
        call = call_of(record)
        if call and len(self._request_ids) < MOST_IDS:
            self._request_ids.append(call.request_id)
        told = {name: getattr(record, name) for name in _KEPT if hasattr(record, name)}
        self._last = logging.makeLogRecord(told | {"msg": message_of(record)})
