"""Keeps the preview fresh: it follows the view, the layer and the filter, a moment after they have come to rest."""

from __future__ import annotations

from typing import Any

from ..core.texts import _
from . import host
from .guard import connect, follow, guarded, log
from .previewing import Preview, preview
from .problems import Problem
from .qt import QTimer, QtWidgets
from .sources import PICTURE
from .split_view import SplitView
from .steps import Task
from .studio import Studio
from .viewport import visible_part

_LOOK_MILLISECONDS = 400
_REST_MILLISECONDS = 350


class PreviewBox(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._task: Task | None = None
        self._seen: Any = None
        self._wanted = QtWidgets.QCheckBox(_("&Preview"))
        self._wanted.setChecked(True)
        self._wanted.setToolTip(_("Shows what the filter makes of the part of the picture that is in view"))
        self._again = QtWidgets.QToolButton()
        self._again.setText("⟳")
        self._again.setAutoRaise(True)
        self._again.setToolTip(_("Make the preview again, after painting"))
        self._again.setAccessibleName(_("Make the preview again, after painting"))
        self._view = SplitView()
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._wanted, 1)
        line.addWidget(self._again)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._view, 1)
        self._look = self._timer(_LOOK_MILLISECONDS, self._look_around)
        self._rest = self._timer(_REST_MILLISECONDS, self._begin, once=True)
        connect(self._wanted.toggled, self._switch)
        connect(self._again.clicked, self.look_again)
        follow(studio.changed, self, self._follow)

    def set_watching(self, watching: bool) -> None:
        """Nobody looks at a hidden docker."""
        if watching and self._wanted.isChecked():
            self._look.start()
        else:
            self._look.stop()
            self._stop()

    def look_again(self) -> None:
        """What is shown may be old."""
        self._seen = None

    def enterEvent(self, event: Any) -> None:
        """The artist comes from the canvas: it was perhaps painted on."""
        guarded(self.look_again)()
        super().enterEvent(event)

    def _timer(self, milliseconds: int, call: Any, *, once: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(milliseconds)
        timer.setSingleShot(once)
        connect(timer.timeout, call)
        return timer

    def _switch(self) -> None:
        self._view.setVisible(self._wanted.isChecked())
        self._again.setEnabled(self._wanted.isChecked())
        self.look_again()
        self.set_watching(self.isVisible())

    def _follow(self) -> None:
        self._view.set_strength(self._studio.settings.opacity)
        if self._studio.busy and self._task is not None:
            self._stop()  # the server has one device: the result is waited for, not the preview
            self.look_again()

    def _look_around(self) -> None:
        if self._studio.busy:
            return
        document, node = self._subject()
        seen = self._state(document, node)
        if seen != self._seen:
            self._seen = seen
            self._rest.start()

    def _subject(self) -> tuple[Any, Any]:
        document = host.active_document()
        node = document.activeNode() if document is not None and self._studio.settings.source != PICTURE else None
        return document, node

    def _state(self, document: Any, node: Any) -> Any:
        """What the preview depends on, as far as it can be seen without reading pixels."""
        if document is None:
            return (None, self._studio.session.connection.kind)
        chosen = self._studio.session.find(self._studio.chosen_filter)
        part = visible_part()
        return (
            chosen and chosen.sha256,
            self._studio.settings.source,
            document.rootNode().uniqueId().toString(),
            node and node.uniqueId().toString(),
            node and node.colorProfile(),
            part and tuple(round(number) for number in part),
        )

    def _begin(self) -> None:
        self._stop()
        if self._studio.busy:
            return
        document, node = self._subject()
        chosen = self._studio.session.find(self._studio.chosen_filter)
        if document is None or chosen is None or (node is None and self._studio.settings.source != PICTURE):
            self._view.show_text(_("The preview appears when a picture is open and a filter is chosen."))
            return
        self._view.show_text(_("Looking…"), keep_picture=True)
        steps = preview(document, node, self._studio.settings.source, visible_part(), chosen.id, self._studio.session)
        self._task = Task(steps, done=self._show, failed=self._fail, parent=self)

    def _show(self, made: Preview) -> None:
        self._task = None
        self._view.show_preview(made)

    def _fail(self, error: Exception) -> None:
        self._task = None
        if isinstance(error, Problem):
            self._view.show_text(str(error))
        else:
            log.error("No preview", exc_info=error)
            self._view.show_text(_("No preview can be made; the log, in the settings, says more."))

    def _stop(self) -> None:
        self._rest.stop()
        task, self._task = self._task, None
        if task is not None:
            task.stop()
