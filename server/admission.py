"""Who may come in: a bounded number of requests, and none while the server is going."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import Reason, Refusal

RETRY_SECONDS = 2.0


class Admission:
    """Counts requests from their header to their last byte, so that pixels in memory are bounded too."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._closed = False

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Raises Refusal: QUEUE_FULL at the limit, SHUTTING_DOWN after ``close``."""
        if self._closed:
            raise Refusal(Reason.SHUTTING_DOWN, "The server is shutting down; try again when it is back.")
        if self._inside >= self._limit:
            raise Refusal(
                Reason.QUEUE_FULL,
                f"The server has {self._limit} requests in hand, as many as it takes; try again in a moment.",
                retry_seconds=RETRY_SECONDS,
            )
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def close(self) -> None:
        self._closed = True
