"""Waiting for a filter that the server is about to list."""

from __future__ import annotations

import threading
from typing import Callable

from ..client.messages import Filter
from .session import Session

SECONDS = 30.0


class AwaitedFilter:
    """Calls ``done`` once, on the interface thread: with the filter as soon as the session lists it with this checksum,
    or with None after SECONDS."""

    def __init__(self, session: Session, filter_id: str, sha256: str, done: Callable[[Filter | None], None]) -> None:
        self._session = session
        self._wanted = (filter_id, sha256)
        self._done = done
        self._waiting = True
        self._take_back = session.add_listener(self._look)
        self._late = threading.Timer(SECONDS, lambda: session.post(lambda: self._end(None)))
        self._late.daemon = True
        self._late.start()
        self._look()

    def _look(self) -> None:
        found = self._session.find(self._wanted[0])
        if found is not None and found.sha256 == self._wanted[1]:
            self._end(found)

    def _end(self, found: Filter | None) -> None:
        if self._waiting:
            self._waiting = False
            self._late.cancel()
            self._take_back()
            self._done(found)
