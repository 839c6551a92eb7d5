"""The bar that shows a sentence and a remedy until the artist closes it."""

from __future__ import annotations

from ..core.texts import _
from .guard import connect
from .qt import Qt, QtWidgets


class MessageBar(QtWidgets.QFrame):
    def __init__(self) -> None:
        super().__init__()
        self._unread = False
        self._said_elsewhere = ""
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._label = QtWidgets.QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)  # names in it may look like markup
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        close = QtWidgets.QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip(_("Close this message"))
        close.setAccessibleName(_("Close this message"))
        connect(close.clicked, self.dismiss)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 4, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        return str(self._label.text())

    def show_message(self, sentence: str, remedy: str) -> None:
        self._label.setText(f"{sentence} {remedy}".strip())
        self._unread = True
        self._show()

    def dismiss(self) -> None:
        self._unread = False
        self._show()

    def leave_to_others(self, text: str) -> None:
        """Hides the message as long as it is the same as ``text``, which the docker shows elsewhere."""
        self._said_elsewhere = text
        self._show()

    def _show(self) -> None:
        self.setVisible(self._unread and self.text != self._said_elsewhere)
