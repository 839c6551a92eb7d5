"""Goes through the set-up and names the step that fails."""

from __future__ import annotations

import queue
from typing import Any

from ..core.checkup import Check, run_checks
from ..core.settings import Settings
from ..core.texts import _
from .guard import report
from .qt import QtWidgets
from .steps import Steps, Task, elsewhere


class CheckDialog(QtWidgets.QDialog):  # type: ignore[misc]
    def __init__(self, settings: Settings, parent: Any) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Check set-up"))
        self.setMinimumSize(480, 300)
        self._list = QtWidgets.QListWidget()
        self._list.setWordWrap(True)
        self._list.setAccessibleName(_("Steps of the set-up"))
        self._verdict = QtWidgets.QLabel(_("Checking…"))
        self._verdict.setWordWrap(True)
        buttons = QtWidgets.QDialogButtonBox(QtWidgets.QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._verdict)
        layout.addWidget(buttons)
        self._task = Task(self._steps(settings), done=lambda _none: None, failed=self._fail, parent=self)

    def done(self, result: int) -> None:
        """Closing it ends the checks; the thread runs out by itself."""
        self._task.stop()
        super().done(result)

    def _steps(self, settings: Settings) -> Steps[None]:
        found: queue.SimpleQueue[Check] = queue.SimpleQueue()
        checking = elsewhere(lambda: _check(settings, found))
        last: Check | None = None
        for pause in checking:
            last = self._show(found) or last
            yield pause
        last = self._show(found) or last
        if last is not None:
            self._verdict.setText(
                _("Everything is ready.") if last.passed else f"{last.sentence} {last.remedy}".strip()
            )

    def _show(self, found: queue.SimpleQueue[Check]) -> Check | None:
        last = None
        while not found.empty():
            last = found.get()
            sign = "✔" if last.passed else "✘"
            self._list.addItem(f"{sign}  {last.name}\n      {last.sentence}")
        return last

    def _fail(self, error: Exception) -> None:
        self._verdict.setText(_("The check itself failed; the log says more."))
        report(error)


def _check(settings: Settings, found: queue.SimpleQueue[Check]) -> None:
    for check in run_checks(settings):
        found.put(check)
