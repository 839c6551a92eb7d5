"""The bar that says whether the server answers, and helps when it does not."""

from __future__ import annotations

from ..core.presenters.connection import ConnectionPresenter
from ..core.presenters.mnemonics import unmarked
from ..core.texts import _
from .check_dialog import CheckDialog
from .guard import connect, follow
from .qt import QColor, QPainter, QPixmap, Qt, QtWidgets
from .server_dialog import ServerDialog
from .settings_dialog import SettingsDialog
from .studio import Studio

# Visible on dark and light themes; the text beside the dot says the same.
_COLOURS = {"connected": "#4caf50", "connecting": "#ffa726", "failed": "#e53935", "offline": "#9e9e9e"}


class ConnectionBar(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._presenter = ConnectionPresenter(studio.session)
        self._dot = QtWidgets.QLabel()
        self._sentence = QtWidgets.QLabel()
        self._sentence.setWordWrap(True)
        self._remedy = QtWidgets.QLabel()
        self._remedy.setWordWrap(True)
        self._help = self._buttons()
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._sentence, 1)
        line.addWidget(self._menu_button(), 0, Qt.AlignmentFlag.AlignTop)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._remedy)
        layout.addWidget(self._help)
        follow(studio.changed, self, self._show)
        self._show()

    def _buttons(self) -> QtWidgets.QWidget:
        row = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        self._start = QtWidgets.QPushButton(_("Start a local server"))
        self._start.setToolTip(
            _("Runs a server on this computer, with the Python and the filters given in the settings")
        )
        check = QtWidgets.QPushButton(_("Check set-up"))
        check.setToolTip(_("Goes through the set-up step by step and names the step that fails"))
        connect(self._start.clicked, self._start_server)
        connect(check.clicked, self._check)
        layout.setSpacing(4)
        layout.addWidget(self._start)
        layout.addWidget(check)
        return row

    def _menu_button(self) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton()
        button.setText("☰")
        button.setAutoRaise(True)
        button.setToolTip(_("Settings, set-up check and local server"))
        button.setAccessibleName(_("Settings, set-up check and local server"))
        button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QtWidgets.QMenu(button)
        entries = (
            (unmarked(_("_Settings…")), self._open_settings),
            (unmarked(_("_Check set-up…")), self._check),
            (unmarked(_("_Local server…")), self._open_server),
            (_("Reconnect"), self._presenter.try_again),
        )
        for text, call in entries:
            connect(menu.addAction(text).triggered, call)
        button.setMenu(menu)
        return button

    def _show(self) -> None:
        shown = self._presenter.shown
        self._dot.setPixmap(_dot(_COLOURS[shown.kind], self.devicePixelRatioF()))
        self._sentence.setText(shown.sentence)
        self._remedy.setText(shown.remedy)
        self._remedy.setVisible(bool(shown.remedy))
        self._help.setVisible(shown.needs_help)
        server = self._studio.local_server
        self._start.setEnabled(server is None or not server.running)

    def _start_server(self) -> None:
        dialog = ServerDialog(self._studio, self.window())
        dialog.begin()
        dialog.exec()

    def _open_server(self) -> None:
        ServerDialog(self._studio, self.window()).exec()

    def _check(self) -> None:
        CheckDialog(self._studio, self.window()).exec()

    def _open_settings(self) -> None:
        SettingsDialog(self._studio, self.window()).exec()


def _dot(colour: str, scale: float) -> QPixmap:
    picture = QPixmap(round(12 * scale), round(16 * scale))
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(1, 4, 10, 10)
    painter.end()
    return picture
