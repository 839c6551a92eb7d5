"""The bar that says which filter made the selected layer, and applies it again."""

from __future__ import annotations

from krita import Node

from ..core.host import PICTURE
from ..core.origins import Origin
from ..core.texts import _
from . import host
from .document import KritaDocument
from .guard import connect, follow
from .qt import QTimer, QtWidgets
from .studio import Studio

_LOOK_MILLISECONDS = 400  # Krita has no signal for the selection of another layer


class OriginBar(QtWidgets.QWidget):
    """Visible while the selected layer is a result."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._line = QtWidgets.QLabel()
        self._line.setWordWrap(True)
        self._again = QtWidgets.QPushButton(_("Again"))
        self._again.setObjectName("pleinair_again")
        self._again.setToolTip(_("Translates the source of this layer again, as it is now, with the same filter"))
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._again)
        connect(self._again.clicked, self._translate_again)
        follow(studio.changed, self, self._look)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        connect(self._timer.timeout, self._look)
        self.hide()

    def set_watching(self, watching: bool) -> None:
        """Checks the selected layer regularly while ``watching``, that is, while the docker is visible."""
        self._timer.start() if watching else self._timer.stop()

    def _look(self) -> None:
        _node, origin = self._result()
        self.setVisible(origin is not None)
        if origin is not None:
            self._line.setText(_("Made with “{filter}”").format(filter=origin.title))
            self._again.setVisible(origin.choice != PICTURE)  # the picture holds the result: it would be filtered twice
            self._again.setEnabled(not self._studio.busy and self._studio.session.find(origin.filter) is not None)

    def _result(self) -> tuple[Node | None, Origin | None]:
        document = host.active_document()
        node = document.activeNode() if document is not None else None
        if document is None or node is None:
            return None, None
        return node, KritaDocument(document).origin_of(node)

    def _translate_again(self) -> None:
        node, origin = self._result()
        if node is not None and origin is not None:
            self._studio.apply_again(origin, node)
