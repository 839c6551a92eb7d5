"""Lines that come again and again: the first of a kind at once, then once a minute how many more there were."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable

from server.logs.fields import message_of
from server.logs.window import Window

WINDOW_SECONDS = 60.0
MOST_OF_ONE_PLACE = 20  # kinds that one place in the code may tell in a window; what comes then is one kind more
MOST_EACH = 600  # lines a window of those that are each worth one

_Kind = tuple[Hashable, ...]


class SparingHandler(logging.Handler):
    """Hands records on to ``target``: of each kind the first at once, and at the end of its window the last, with how
    many there were. A record's kind is its text and what it comes from, or its attribute ``kind``, where "" means that
    each is worth a line, up to MOST_EACH in a window."""

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
        kind = self._kind(record)
        if kind not in self._windows:
            self._windows[kind] = Window(time.monotonic() + self._seconds, max(1, _room(kind)))
        if self._windows[kind].takes(record):
            self._target.handle(record)
        else:
            self._wake_later()

    def _kind(self, record: logging.LogRecord) -> _Kind:
        """Named ones are few; texts may be any number, so a place in the code has a number of them."""
        place = (record.name, record.pathname, record.lineno)
        if "kind" in record.__dict__:
            return (*place, record.__dict__["kind"])
        kind = (*place, (message_of(record), _origin(record)))
        is_told = kind in self._windows or self._kinds_of(place) < MOST_OF_ONE_PLACE
        return kind if is_told else (*place, None)

    def _kinds_of(self, place: _Kind) -> int:
        return sum(kind[: len(place)] == place for kind in self._windows)

    def _end_windows(self, now: float | None = None) -> None:
        """Those that counted something tell it and go on, so that a flood is one line a window."""
        now = time.monotonic() if now is None else now
        for kind, window in [item for item in self._windows.items() if item[1].end <= now]:
            del self._windows[kind]
            summary = window.summary(self._seconds)
            if summary:
                self._windows[kind] = Window(time.monotonic() + self._seconds, _room(kind))
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


def _room(kind: _Kind) -> int:
    """How many lines of it a window takes after a first one."""
    return MOST_EACH if kind[-1] == "" else 0


def _origin(record: logging.LogRecord) -> Hashable:
    """Where the exception comes from that the record is about."""
    if not record.exc_info or record.exc_info[2] is None:
        return None
    trace = record.exc_info[2]
    while trace.tb_next:
        trace = trace.tb_next
    return record.exc_info[0], trace.tb_frame.f_code.co_filename, trace.tb_lineno
