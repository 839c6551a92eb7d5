"""Those who are called after a change."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[], None]


class Listeners:
    """Called in the order in which they were added."""

    def __init__(self) -> None:
        self._all: list[Listener] = []

    def add(self, listener: Listener) -> Listener:
        """Gives a callable that takes the listener back."""
        self._all.append(listener)
        return lambda: self._all.remove(listener)

    def clear(self) -> None:
        self._all.clear()

    def tell(self) -> None:
        """Calls each of them; they may add or take back listeners meanwhile."""
        for listener in tuple(self._all):
            listener()
