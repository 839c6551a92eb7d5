"""The dialog that goes through the set-up and names the step that fails."""

from __future__ import annotations

import queue

from krita import Krita

from ..core import diagnostics
from ..core.checkup import Check, run_checks
from ..core.presenters.mnemonics import ampersands
from ..core.settings import Settings
from ..core.steps import Steps, elsewhere
from ..core.texts import _
from .guard import connect, report
from .qt import QtWidgets
from .steps import Task
from .studio import Studio


class CheckDialog(QtWidgets.QDialog):
    def __init__(self, studio: Studio, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self._studio = studio
        self._found: list[str] = []
        self.setWindowTitle(_("Check set-up"))
        self.setMinimumSize(480, 300)
        self._list = QtWidgets.QListWidget()
        self._list.setWordWrap(True)
        self._list.setAccessibleName(_("Steps of the set-up"))
        self._verdict = QtWidgets.QLabel(_("Checking…"))
        self._verdict.setWordWrap(True)
        buttons = QtWidgets.QDialogButtonBox(QtWidgets.QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(ampersands(_("Copy a _report")), QtWidgets.QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip(_("For someone who helps you: what this window finds, and your settings without the token."))
        copy.setAutoDefault(False)
        connect(copy.clicked, self._copy)
        buttons.rejected.connect(self.reject)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._verdict)
        layout.addWidget(buttons)
        self._task = Task(self._steps(studio.settings), done=lambda _none: None, failed=self._fail, parent=self)

    def done(self, result: int) -> None:
        """Closes the dialog and stops showing checks; the thread that runs them ends by itself."""
        self._task.stop()
        super().done(result)

    def _copy(self) -> None:
        editor = f"Krita {Krita.instance().version()}"
        QtWidgets.QApplication.clipboard().setText(diagnostics.report(editor, self._studio.session, self._found))

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
            self._found.append(last.line)
            sign = "✔" if last.passed else "✘"
            self._list.addItem(f"{sign}  {last.name}\n      {last.sentence}")
        return last

    def _fail(self, error: Exception) -> None:
        self._verdict.setText(_("The check itself failed; see the log."))
        report(error)


def _check(settings: Settings, found: queue.SimpleQueue[Check]) -> None:
    for check in run_checks(settings):
        found.put(check)
