"""The docker: everything that an artist does with Pleinair, from the server's state down to past results."""

from __future__ import annotations

from krita import Canvas, DockWidget

from ..core.presenters.connection import ConnectionPresenter
from ..core.presenters.mnemonics import unmarked
from ..core.texts import _
from .connection_bar import ConnectionBar
from .filter_list import FilterList
from .guard import connect, follow, guarded, report, report_to, stop_reporting_to
from .history_box import HistoryBox
from .keyboard import Keyboard
from .look_bar import LookBar
from .message_bar import MessageBar
from .origin_bar import OriginBar
from .preview_box import PreviewBox
from .qt import Qt, QtWidgets
from .run_bar import RunBar
from .source_bar import SourceBar
from .studio import Studio


class PleinairDocker(DockWidget):
    """The docker, one in each of Krita's windows; all share one studio. If the constructor raised an exception, Krita
    would show no docker."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setWindowTitle(_("Pleinair"))
        self._studio = studio
        self._messages = MessageBar()
        self._filters = FilterList(studio)
        self._preview = PreviewBox(studio)
        self._origin = OriginBar(studio)
        self._reporter = self._messages.show_message
        report_to(self._reporter)
        self.destroyed.connect(lambda *_gone: stop_reporting_to(self._reporter))
        try:
            self.setWidget(self._contents())
        except Exception as error:
            report(error)
        connect(self.visibilityChanged, self._become_visible, arguments=True)
        follow(studio.show_requested, self, self._show_and_search)
        follow(studio.run_begun, self, self._messages.dismiss)
        follow(studio.changed, self, self._say_once)
        if studio.notice:
            self._messages.show_message(studio.notice, "")

    def canvasChanged(self, canvas: Canvas | None) -> None:
        """Marks the preview as outdated; Krita calls this when another view becomes active."""
        guarded(self._preview.look_again)()

    def _contents(self) -> QtWidgets.QScrollArea:
        parts = (
            ConnectionBar(self._studio),
            self._messages,
            self._filters,
            self._painting_button(),
            SourceBar(self._studio),
            self._preview,
            RunBar(self._studio),
            LookBar(self._studio),
            self._origin,
            HistoryBox(self._studio),
        )
        column = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(column)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        for part in parts:
            layout.addWidget(part, 1 if part in (self._filters, self._preview) else 0)
        Keyboard(parts, column)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(column)
        bar = scroll.verticalScrollBar().sizeHint().width()
        scroll.setMinimumWidth(column.minimumSizeHint().width() + bar)
        return scroll

    def _painting_button(self) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(unmarked(_("_Painting to photo…")))
        button.setObjectName("pleinair_painting")
        button.setToolTip(_("Trains a filter of your own from one painting and one photo, on the server"))
        connect(button.clicked, self._studio.painting_requested.emit)
        return button

    def _say_once(self) -> None:
        """Hides a message that the connection bar already shows, such as the one about a lost connection."""
        self._messages.leave_to_others(ConnectionPresenter(self._studio.session).shown.line)

    def _become_visible(self, visible: bool) -> None:
        """Connects once the docker is visible, not when Krita starts, and stops the timers while it is hidden."""
        if visible:
            self._studio.session.connect()
        self._preview.set_watching(visible)
        self._origin.set_watching(visible)

    def _show_and_search(self) -> None:
        self.show()
        self.raise_()
        self._filters.focus_search()
