"""The dialog that starts and stops a server on this computer and shows its log."""

from __future__ import annotations

from ..core.texts import _
from .guard import connect
from .qt import QtGui, QTimer, QtWidgets
from .settings_dialog import SettingsDialog
from .studio import Studio

_LINES = 200
_LOOK_MILLISECONDS = 250


class ServerDialog(QtWidgets.QDialog):
    def __init__(self, studio: Studio, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Local server"))
        self.setMinimumSize(560, 320)
        self._studio = studio
        self._state = QtWidgets.QLabel()
        self._state.setWordWrap(True)
        self._log = QtWidgets.QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self._log.setAccessibleName(_("What the server says"))
        self._start = QtWidgets.QPushButton(_("&Start"))
        self._stop = QtWidgets.QPushButton(_("S&top"))
        settings = QtWidgets.QPushButton(_("Se&ttings…"))
        close = QtWidgets.QPushButton(_("&Close"))
        row = QtWidgets.QHBoxLayout()
        for button in (self._start, self._stop, settings):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self._state)
        layout.addWidget(self._log, 1)
        layout.addLayout(row)
        connect(self._start.clicked, self.begin)
        connect(self._stop.clicked, studio.stop_local_server)
        connect(settings.clicked, lambda: SettingsDialog(studio, self).exec())
        connect(close.clicked, self.accept)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        connect(self._timer.timeout, self._show)
        self._timer.start()
        self._show()

    def begin(self) -> None:
        self._studio.start_local_server()
        self._show()

    def _show(self) -> None:
        server = self._studio.local_server
        running = server is not None and server.running
        self._start.setEnabled(not running)
        self._stop.setEnabled(running)
        self._state.setText(self._describe())
        text = server.log_tail(_LINES) if server is not None else ""
        if text != self._log.toPlainText():
            self._log.setPlainText(text)
            self._log.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def _describe(self) -> str:
        server = self._studio.local_server
        if server is None:
            return _("No local server is running. Start one with the Python and the filters given in the settings.")
        if server.problem:
            return " ".join(server.problem).strip()
        if server.started.is_set():
            return _("The server is running at {address}.").format(address=self._studio.settings.address)
        return _("The server is starting…")
