"""The choice of what is translated: a layer, a layer with its masks applied, or the whole picture."""

from __future__ import annotations

from dataclasses import replace

from ..core.host import LAYER, PICTURE, WITH_MASKS
from ..core.texts import _
from .guard import connect, follow
from .qt import QtWidgets
from .studio import Studio


class SourceBar(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._choice = QtWidgets.QComboBox()
        for choice, text in (
            (LAYER, _("Selected layers")),
            (WITH_MASKS, _("Selected layers with masks and styles")),
            (PICTURE, _("Whole picture")),
        ):
            self._choice.addItem(text, choice)
        self._choice.setToolTip(
            _(
                "What the filter sees. Each selected layer gets a result above it, limited to the "
                "selection if there is one."
            )
        )
        label = QtWidgets.QLabel(_("S&ource:"))
        label.setBuddy(self._choice)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(self._choice, 1)
        connect(self._choice.activated, self._choose)
        follow(studio.changed, self, self._show)
        self._show()

    def _choose(self) -> None:
        self._studio.use(replace(self._studio.settings, source=self._choice.currentData()))

    def _show(self) -> None:
        self._choice.setCurrentIndex(max(0, self._choice.findData(self._studio.settings.source)))
