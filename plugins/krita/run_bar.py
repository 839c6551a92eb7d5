"""The bar with Apply, Cancel, and the progress of the translation."""

from __future__ import annotations

from ..core.presenters.mnemonics import ampersands
from ..core.texts import _
from .guard import connect, follow
from .qt import QtWidgets
from .studio import Studio

_STEPS = 1000


class RunBar(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._apply = QtWidgets.QPushButton(ampersands(_("_Apply")))
        self._apply.setToolTip(_("Translates into a new layer above the source; the source stays as it is"))
        self._repeat = QtWidgets.QPushButton(_("Repeat last"))
        self._cancel = QtWidgets.QPushButton(ampersands(_("_Cancel")))
        self._cancel.setToolTip(_("Stops the translation at once, here and on the server"))
        self._bar = QtWidgets.QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self._line = QtWidgets.QLabel()
        self._line.setWordWrap(True)
        for name, button in (("apply", self._apply), ("repeat", self._repeat), ("cancel", self._cancel)):
            button.setObjectName(f"pleinair_{name}")
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self._apply, 2)
        buttons.addWidget(self._repeat, 1)
        buttons.addWidget(self._cancel, 1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(buttons)
        layout.addWidget(self._bar)
        layout.addWidget(self._line)
        connect(self._apply.clicked, lambda: studio.apply(studio.chosen_filter))
        connect(self._repeat.clicked, studio.repeat_last)
        connect(self._cancel.clicked, studio.cancel)
        follow(studio.changed, self, self._show)
        self._show()

    def _show(self) -> None:
        studio = self._studio
        busy = studio.busy
        self._apply.setEnabled(not busy and studio.session.find(studio.chosen_filter) is not None)
        self._repeat.setEnabled(not busy and studio.session.find(studio.settings.last_filter) is not None)
        self._repeat.setToolTip(_repeat_tip(studio))
        self._cancel.setVisible(busy)
        self._repeat.setVisible(not busy)
        self._bar.setVisible(busy)
        self._line.setVisible(studio.run is not None)
        if studio.run is not None:
            fraction = studio.run.fraction
            self._bar.setRange(0, _STEPS if fraction is not None else 0)
            self._bar.setValue(round((fraction or 0.0) * _STEPS))
            self._line.setText(studio.run.describe())


def _repeat_tip(studio: Studio) -> str:
    last = studio.session.find(studio.settings.last_filter)
    if last is None:
        return _("Applies the filter that was used last")
    return _("Applies “{filter}” again").format(filter=last.title or last.id)
