"""The bar for strength and blending of the latest results and of later ones; nothing is translated again."""

from __future__ import annotations

from ..core.presenters.mnemonics import unmarked
from ..core.texts import _
from .guard import connect, follow
from .qt import Qt, QtWidgets
from .studio import Studio


class LookBar(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self._number = QtWidgets.QSpinBox()
        self._number.setSuffix(" %")
        for control in (self._slider, self._number):
            control.setRange(0, 100)
            control.setToolTip(_("How strong the result is: the opacity of its layer, at any time"))
            control.setAccessibleName(unmarked(_("S_trength")))
        self._luminance = QtWidgets.QCheckBox(_("&Keep the lightness of the source"))
        self._luminance.setToolTip(_("Takes only the colours of the result: its layer's blending mode, at any time"))
        label = QtWidgets.QLabel(_("Stren&gth:"))
        label.setBuddy(self._number)
        line = QtWidgets.QHBoxLayout()
        line.addWidget(label)
        line.addWidget(self._slider, 1)
        line.addWidget(self._number)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._luminance)
        connect(self._slider.valueChanged, self._change, arguments=True)
        connect(self._number.valueChanged, self._change, arguments=True)
        connect(self._luminance.clicked, self._change)
        follow(studio.changed, self, self._show)
        self._show()

    def _change(self, opacity: int | None = None) -> None:
        wanted = self._studio.settings.opacity if opacity is None else opacity
        self._studio.restyle(wanted, self._luminance.isChecked())

    def _show(self) -> None:
        settings = self._studio.settings
        for control in (self._slider, self._number):
            control.blockSignals(True)
            control.setValue(settings.opacity)
            control.blockSignals(False)
        self._luminance.setChecked(settings.keep_luminance)
