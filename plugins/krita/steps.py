"""Tasks on Krita's interface thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import steps as base
from ..core.steps import Steps
from .guard import guarded
from .qt import QObject, QTimer


class Task(base.Task):
    """Runs steps on Qt's timers. The task ends with ``parent`` at the latest."""

    def __init__(
        self, steps: Steps[Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None], parent: QObject
    ) -> None:
        super().__init__(steps, lambda call: _Timer(call, parent), done=done, failed=failed)


class _Timer:
    def __init__(self, call: Callable[[], None], parent: QObject) -> None:
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(guarded(call))

    def start(self, milliseconds: int) -> None:
        self._timer.start(milliseconds)

    def end(self) -> None:
        self._timer.stop()
        self._timer.deleteLater()
