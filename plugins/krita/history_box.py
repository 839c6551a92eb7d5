"""The list of this session's results, which can be inserted into a picture again."""

from __future__ import annotations

import time

from ..core.history import Entry
from ..core.presenters.mnemonics import unmarked
from ..core.texts import _
from .guard import connect, follow
from .qt import QtWidgets
from .studio import Studio


class HistoryBox(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._entries: list[Entry] = []
        self._choice = QtWidgets.QComboBox()
        self._choice.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.setMinimumContentsLength(12)
        self._choice.setAccessibleName(_("Past results"))
        self._choice.setToolTip(_("This session's results, kept without loss until Krita is closed"))
        self._insert = QtWidgets.QPushButton(unmarked(_("_Insert again")))
        self._insert.setToolTip(_("Adds this result as a new layer, where it was"))
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._choice, 1)
        layout.addWidget(self._insert)
        connect(self._insert.clicked, self._insert_again)
        follow(studio.changed, self, self._show)
        self._show()

    def _show(self) -> None:
        entries = self._studio.history.entries
        if entries != self._entries or not self._choice.count():
            self._entries = entries
            self._choice.clear()
            self._choice.addItems([_line(entry) for entry in entries] or [_("No results yet")])
        self._choice.setEnabled(bool(entries))
        self._insert.setEnabled(bool(entries) and not self._studio.busy)

    def _insert_again(self) -> None:
        row = self._choice.currentIndex()
        if 0 <= row < len(self._entries):
            self._studio.insert_again(self._entries[row])


def _line(entry: Entry) -> str:
    moment = time.strftime("%H:%M", time.localtime(entry.moment))
    return f"{moment}  {entry.layer_name}  ({entry.width} x {entry.height})"
