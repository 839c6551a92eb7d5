"""Callables that are called after a change."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[], None]


class Listeners:
    """Listeners, called in the order in which they were added."""

    def __init__(self) -> None:
        self._all: list[Listener] = []

    def add(self, listener: Listener) -> Listener:
        """Adds a listener; returns a callable that removes it."""
        self._all.append(listener)
        return lambda: self._all.remove(listener)

    def clear(self) -> None:
        self._all.clear()

    def tell(self) -> None:
        """Calls each listener; they may add or remove listeners meanwhile."""
        for listener in tuple(self._all):
            listener()
