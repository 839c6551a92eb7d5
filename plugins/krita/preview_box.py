"""The preview, which is updated a moment after the view, the layer and the filter have stopped changing."""

from __future__ import annotations

from functools import partial

from krita import Document, Node

from ..client.wire import Buffer
from ..core.host import PICTURE
from ..core.previewing import Previewing
from ..core.problems import Problem
from ..core.steps import Steps
from ..core.texts import _
from ..core.translation_jobs import TranslationRequest
from . import host
from .document import KritaDocument
from .guard import connect, follow, guarded, log
from .previewing import Glance, glance
from .qt import QEvent, QTimer, QtWidgets
from .split_view import SplitView
from .steps import Task
from .studio import Studio
from .viewport import visible_part

_LOOK_MILLISECONDS = 400
_REST_SECONDS = 0.35


class PreviewBox(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._seen: tuple[object, ...] | None = None
        self._glance: Glance | None = None
        self._wanted = QtWidgets.QCheckBox(_("&Preview"))
        self._wanted.setChecked(True)
        self._wanted.setToolTip(_("Shows what the filter makes of the visible part of the picture"))
        self._again = QtWidgets.QToolButton()
        self._again.setText("⟳")
        self._again.setAutoRaise(True)
        self._again.setToolTip(_("Refresh the preview, after painting"))
        self._again.setAccessibleName(_("Refresh the preview, after painting"))
        self._view = SplitView()
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._wanted, 1)
        line.addWidget(self._again)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._view, 1)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MILLISECONDS)
        connect(self._look.timeout, self._look_around)
        self._previewing = Previewing(studio.session, self, partial(Task, parent=self), _REST_SECONDS)
        connect(self._wanted.toggled, self._switch)
        connect(self._again.clicked, self.look_again)
        follow(studio.changed, self, self._follow)

    def set_watching(self, watching: bool) -> None:
        """Keeps the preview up to date while it is switched on and ``watching``, that is, the docker is visible."""
        if watching and self._wanted.isChecked():
            self._look.start()
        else:
            self._look.stop()
            self._previewing.stop()

    def look_again(self) -> None:
        """Marks the preview as outdated, so that it is made again at the next look."""
        self._seen = None

    def enterEvent(self, event: QEvent) -> None:
        """Marks the preview as outdated: the artist comes from the canvas and may have painted on it."""
        guarded(self.look_again)()
        super().enterEvent(event)

    def show_begun(self) -> None:
        self._view.show_text(_("Making the preview…"), keep_picture=True)

    def show_translation(self, pixels: Buffer) -> None:
        if self._glance is not None:
            self._view.show_preview(self._glance.preview(pixels))

    def show_failure(self, error: Exception) -> None:
        if isinstance(error, Problem):
            self._view.show_text(str(error))
        else:
            log.error("No preview", exc_info=error)
            self._view.show_text(_("No preview can be made; see the log, in the settings."))

    def _switch(self) -> None:
        self._view.setVisible(self._wanted.isChecked())
        self._again.setEnabled(self._wanted.isChecked())
        self.look_again()
        self.set_watching(self.isVisible())

    def _follow(self) -> None:
        self._view.set_strength(self._studio.settings.opacity)
        if self._studio.busy and self._previewing.busy:
            self._previewing.stop()  # the server has one device, and the artist waits for the result
            self.look_again()

    def _look_around(self) -> None:
        if self._studio.busy:
            return
        document, node = self._subject()
        seen = self._state(document, node)
        if seen != self._seen:
            self._seen = seen
            self._previewing.want(self._read)

    def _subject(self) -> tuple[Document | None, Node | None]:
        document = host.active_document()
        node = document.activeNode() if document is not None and self._studio.settings.source != PICTURE else None
        return document, node

    def _state(self, document: Document | None, node: Node | None) -> tuple[object, ...]:
        """Returns what the preview depends on, as far as it is known without reading pixels."""
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

    def _read(self) -> Steps[TranslationRequest]:
        document, node = self._subject()
        chosen = self._studio.session.find(self._studio.chosen_filter)
        choice = self._studio.settings.source
        if document is None or chosen is None or (node is None and choice != PICTURE):
            raise Problem(_("The preview appears once a picture is open and a filter is chosen."))
        self._glance = yield from glance(KritaDocument(document), node, choice, visible_part())
        return self._glance.request(chosen.id)
