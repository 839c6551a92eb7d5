"""Lines that come again and again: the first of a kind at once, then once a minute how many more there were."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable

from server.logs.window import Window

WINDOW_SECONDS = 60.0
MOST_OF_ONE_PLACE = 20  # kinds that one place in the code may tell in a window; what comes then is one kind more

_Kind = tuple[Hashable, ...]


class SparingHandler(logging.Handler):
    """Hands records on to ``target``: of each kind the first at once, and at the end of its window the last, with how
    many there were. A record's kind is its text and what it comes from, or its attribute ``kind``, where "" means that
    each is worth a line."""

    def __init__(self, target: logging.Handler, window_seconds: float = WINDOW_SECONDS) -> None:
        super().__init__()
        self._target = target
        self._seconds = window_seconds
        self._windows: dict[_Kind, Window] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Called by ``handle``, which holds the lock."""
        try:
            self._end_windows()
            self._sort(record)
        except Exception:  # a text that does not fit its arguments, for example
            self.handleError(record)

    def close(self) -> None:
        """Tells the counts that were not told yet."""
        self.acquire()
        try:
            self._end_windows(float("inf"))
            if self._timer:
                self._timer.cancel()
        finally:
            self.release()
        super().close()

    def _sort(self, record: logging.LogRecord) -> None:
        kind = (*_place(record), _kind(record))
        if kind[-1] == "":
            self._target.handle(record)
        else:
            self._limit(kind if kind in self._windows or self._has_room(record) else _place(record), record)

    def _limit(self, kind: _Kind, record: logging.LogRecord) -> None:
        window = self._windows.get(kind)
        if window:
            window.count(record)
            self._wake_later()
        else:
            self._windows[kind] = Window(time.monotonic() + self._seconds)
            self._target.handle(record)

    def _has_room(self, record: logging.LogRecord) -> bool:
        place = _place(record)
        return sum(kind[: len(place)] == place for kind in self._windows) < MOST_OF_ONE_PLACE

    def _end_windows(self, now: float | None = None) -> None:
        """Those that counted something tell it and go on, so that a flood is one line a window."""
        now = time.monotonic() if now is None else now
        for kind, window in [item for item in self._windows.items() if item[1].end <= now]:
            del self._windows[kind]
            summary = window.summary(self._seconds)
            if summary:
                self._windows[kind] = Window(time.monotonic() + self._seconds)
                self._target.handle(summary)

    def _wake_later(self) -> None:
        """So that a count is told although nothing comes any more."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        self.acquire()
        try:
            self._timer = None
            self._end_windows()
            if any(window.repeated for window in self._windows.values()):
                self._wake_later()
        finally:
            self.release()


def _place(record: logging.LogRecord) -> _Kind:
    return record.name, record.pathname, record.lineno


def _kind(record: logging.LogRecord) -> Hashable:
    return record.__dict__["kind"] if "kind" in record.__dict__ else (record.getMessage(), _origin(record))


def _origin(record: logging.LogRecord) -> Hashable:
    """Where the exception comes from that the record is about."""
    if not record.exc_info or record.exc_info[2] is None:
        return None
    trace = record.exc_info[2]
    while trace.tb_next:
        trace = trace.tb_next
    return record.exc_info[0], trace.tb_frame.f_code.co_filename, trace.tb_lineno
