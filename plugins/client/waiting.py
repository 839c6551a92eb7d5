"""Waiting for the network, as long as a call's time allows."""

from __future__ import annotations

import selectors
import socket
import time

from . import errors
from .cancel import Cancel


class Patience:
    """The time that one call to the server at ``address`` has: ``timeout`` seconds (None: any), until ``cancel``."""

    def __init__(self, address: str, *, timeout: float | None = None, cancel: Cancel | None = None) -> None:
        self.address = address
        self._cancel = cancel
        self._timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    @property
    def seconds_left(self) -> float | None:
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raises Cancelled after a cancel, and ClientError when the time is over."""
        if self._cancel is not None and self._cancel.cancelled:
            raise errors.Cancelled
        if self.seconds_left == 0.0:
            raise errors.too_late(self.address, self._timeout or 0.0)

    def wait(self, ready_for: socket.socket, *, read: bool, write: bool, seconds: float | None) -> int:
        """Returns what the socket is ready for, as selectors' events; 0 if ``seconds`` pass first. Raises as check."""
        end = None if seconds is None else time.monotonic() + seconds
        events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        # Not select.select, which fails in editors with more than 1024 open files.
        with selectors.DefaultSelector() as selector:
            selector.register(ready_for, events)
            if self._cancel is not None:
                selector.register(self._cancel.wait_on, selectors.EVENT_READ)
            while True:
                self.check()
                limits = [one - time.monotonic() for one in (end, self._end) if one is not None]
                ready = {key.fileobj: found for key, found in selector.select(min(limits, default=None))}
                self.check()
                if ready_for in ready:
                    return ready[ready_for]
                if end is not None and time.monotonic() >= end:
                    return 0
