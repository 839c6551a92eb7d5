"""Cancelling a call from another thread, at once even while it waits for the network."""

from __future__ import annotations

import socket
import threading


class Cancel:
    """Cancels one call, or several. ``wait_on`` is a socket that becomes readable once ``cancel`` is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self.wait_on, self._bell = socket.socketpair()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        with self._lock:
            if not self._cancelled:
                self._cancelled = True
                self._bell.send(b"!")

    def __del__(self) -> None:
        self.wait_on.close()
        self._bell.close()
