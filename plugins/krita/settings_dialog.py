"""The settings dialog: where the server is, how it is reached, and what a local server is started with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..client import ClientError, Endpoint, server_fingerprint
from ..core.presenters.mnemonics import ampersands
from ..core.settings import Settings
from ..core.steps import elsewhere
from ..core.texts import _, told
from . import host
from .guard import connect, report
from .qt import QtWidgets
from .steps import Task
from .studio import Studio


class SettingsDialog(QtWidgets.QDialog):
    def __init__(self, studio: Studio, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Pleinair settings"))
        self.setMinimumWidth(520)
        self._studio = studio
        settings = studio.settings
        self._address = QtWidgets.QLineEdit(settings.address)
        self._address.setToolTip(_("Name or IP address of the server's computer, a colon, and the port"))
        self._token = QtWidgets.QLineEdit(settings.token)
        self._token.setEchoMode(QtWidgets.QLineEdit.EchoMode.Password)
        self._token.setToolTip(_("The server's token; empty if it needs none"))
        self._tls = QtWidgets.QCheckBox(ampersands(_("_Encrypt the connection")))
        self._tls.setChecked(settings.tls)
        self._fingerprint = QtWidgets.QLineEdit(settings.fingerprint)
        self._fingerprint.setToolTip(_("SHA-256 of the certificate to trust; empty if the system already trusts it"))
        self._fetch = QtWidgets.QPushButton(_("&Fetch…"))
        self._fetch.setToolTip(_("Asks the server for its certificate; compare it with what the server printed"))
        self._python = QtWidgets.QLineEdit(settings.python)
        self._python.setToolTip(_("The interpreter of the environment in which Pleinair is installed"))
        self._folder = QtWidgets.QLineEdit(settings.filters_folder)
        self._stop = QtWidgets.QCheckBox(_("&Stop the local server when Krita is closed"))
        self._stop.setChecked(settings.stop_local_server)
        self._lay_out()
        connect(self._tls.toggled, self._show_encryption)
        connect(self._fetch.clicked, self._fetch_fingerprint)
        self._show_encryption()

    def accept(self) -> None:
        """Applies the settings and saves them at once, so that a failure to save them is reported now."""
        try:
            self._studio.use(self._entered())
            self._studio.save()
        except Exception as error:
            report(error)
        super().accept()

    def _entered(self) -> Settings:
        return replace(
            self._studio.settings,
            address=self._address.text().strip(),
            token=self._token.text().strip(),
            tls=self._tls.isChecked(),
            fingerprint=self._fingerprint.text().strip(),
            python=self._python.text().strip(),
            filters_folder=self._folder.text().strip(),
            stop_local_server=self._stop.isChecked(),
        )

    def _lay_out(self) -> None:
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self._server_group())
        layout.addWidget(self._local_group())
        log = QtWidgets.QLabel(_("The log is in {folder}.").format(folder=host.settings_folder()))
        log.setWordWrap(True)
        layout.addWidget(log)
        standard = QtWidgets.QDialogButtonBox.StandardButton
        buttons = QtWidgets.QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _server_group(self) -> QtWidgets.QGroupBox:
        group = QtWidgets.QGroupBox(_("Server"))
        form = QtWidgets.QFormLayout(group)
        form.addRow(ampersands(_("_Address:")), self._address)
        form.addRow(ampersands(_("_Token:")), self._token)
        form.addRow("", self._tls)
        form.addRow(_("&Certificate:"), _row(self._fingerprint, self._fetch))
        return group

    def _local_group(self) -> QtWidgets.QGroupBox:
        group = QtWidgets.QGroupBox(_("Local server"))
        form = QtWidgets.QFormLayout(group)
        form.addRow(_("&Python:"), _row(self._python, self._browse(self._choose_python)))
        form.addRow(_("Fi&lters:"), _row(self._folder, self._browse(self._choose_folder)))
        form.addRow("", self._stop)
        return group

    def _browse(self, call: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(_("Browse…"))
        connect(button.clicked, call)
        return button

    def _show_encryption(self) -> None:
        for control in (self._fingerprint, self._fetch):
            control.setEnabled(self._tls.isChecked())

    def _choose_python(self) -> None:
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, _("Python of Pleinair's environment"))
        if path:
            self._python.setText(path)

    def _choose_folder(self) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, _("Folder of filters"))
        if path:
            self._folder.setText(path)

    def _fetch_fingerprint(self) -> None:
        address = Endpoint(self._address.text().strip()).address
        self._fetch.setEnabled(False)
        Task(elsewhere(lambda: server_fingerprint(address)), done=self._ask_to_trust, failed=self._tell, parent=self)

    def _ask_to_trust(self, fingerprint: str) -> None:
        self._show_encryption()
        question = _(
            "The server presents the certificate\n\n{fingerprint}\n\nTrust it, if the server printed the same one?"
        )
        buttons = QtWidgets.QMessageBox.StandardButton
        words = question.format(fingerprint=_in_groups(fingerprint))
        # Pressing Return alone must not be enough to trust a certificate.
        answer = QtWidgets.QMessageBox.question(self, self.windowTitle(), words, buttons.Yes | buttons.No, buttons.No)
        if answer == buttons.Yes:
            self._fingerprint.setText(fingerprint)

    def _tell(self, error: Exception) -> None:
        self._show_encryption()
        if not isinstance(error, ClientError):
            report(error)
            return
        QtWidgets.QMessageBox.warning(self, self.windowTitle(), " ".join(told(error)))


def _row(*controls: QtWidgets.QWidget) -> QtWidgets.QWidget:
    row = QtWidgets.QWidget()
    layout = QtWidgets.QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for control in controls:
        layout.addWidget(control)
    return row


def _in_groups(fingerprint: str) -> str:
    """Formats a fingerprint as the server's log prints it, but on two lines, which are easier to compare."""
    groups = [fingerprint[start : start + 2].upper() for start in range(0, len(fingerprint), 2)]
    half = len(groups) // 2
    return f"{':'.join(groups[:half])}:\n{':'.join(groups[half:])}"
