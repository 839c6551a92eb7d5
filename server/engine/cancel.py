"""How a computation is ended from outside while the device works on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class CancelToken:
    """One request's. Once it is cancelled, whatever computes for it ends as soon as it can, by raising something."""

    def __init__(self) -> None:
        self.is_cancelled = False
        self._lock = threading.Lock()
        self._hooks: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """From any thread. Calls what hooks in now, and what does so later at once."""
        with self._lock:
            self.is_cancelled = True
            hooks = list(self._hooks)
        for hook in hooks:
            hook()

    @contextmanager
    def hooked(self, hook: Callable[[], None]) -> Iterator[None]:
        """While this is entered, cancelling calls ``hook``, perhaps from another thread."""
        with self._lock:
            self._hooks.append(hook)
            is_cancelled = self.is_cancelled
        if is_cancelled:
            hook()
        try:
            yield
        finally:
            with self._lock:
                self._hooks.remove(hook)


@dataclass
class RunControl:
    """Governs the runs of a network for one picture: ``token`` ends them, and with ``frees_memory`` the next one gives
    back at its end what the device would keep for the run after it."""

    token: CancelToken
    frees_memory: bool = False
