"""The list of photos that a new training learns from: layers of open pictures, and files."""

from __future__ import annotations

from pathlib import Path

from krita import Krita

from ..core.gathering import ChosenTarget
from ..core.presenters.mnemonics import ampersands
from ..core.presenters.target_list import TargetListPresenter
from ..core.texts import _
from . import host
from .document import KritaDocument
from .guard import connect
from .painting import layer_choice
from .qt import QtWidgets, pyqtSignal

_ROWS = 3


class TargetList(QtWidgets.QWidget):
    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._presenter = TargetListPresenter(self._show)
        self._list = QtWidgets.QListWidget()
        self._list.setAccessibleName(_("Photos to learn from"))
        self._list.setMinimumHeight(self._list.fontMetrics().height() * (_ROWS + 1))
        self._list.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self._files = QtWidgets.QPushButton(_("Add &files…"))
        self._files.setToolTip(_("PNG, JPEG or WebP pictures, which are sent as they are"))
        self._layers = QtWidgets.QPushButton(_("Add &layer"))
        self._layers.setToolTip(_("A layer of one of the open pictures"))
        self._menu = QtWidgets.QMenu(self._layers)
        self._layers.setMenu(self._menu)
        self._remove = QtWidgets.QPushButton(ampersands(_("_Remove")))
        column = QtWidgets.QVBoxLayout()
        for button in (self._files, self._layers, self._remove):
            button.setAutoDefault(False)
            column.addWidget(button)
        column.addStretch(1)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list, 1)
        layout.addLayout(column)
        connect(self._files.clicked, self._choose_files)
        connect(self._menu.aboutToShow, self._fill_menu)
        connect(self._remove.clicked, self._remove_selected)
        connect(self._list.itemSelectionChanged, self._show_buttons)
        self._show_buttons()

    @property
    def targets(self) -> list[ChosenTarget]:
        return self._presenter.targets

    def add(self, target: ChosenTarget) -> None:
        """Adds a photo unless it is in the list already. Raises Problem for a file that servers do not take."""
        self._presenter.add(target)

    def _show(self, target: ChosenTarget) -> None:
        item = QtWidgets.QListWidgetItem(_name(target))
        item.setToolTip(str(target) if isinstance(target, Path) else target.document.name)
        self._list.addItem(item)
        self.changed.emit()

    def _choose_files(self) -> None:
        title, kinds = _("Photos to learn from"), self._presenter.kinds
        paths, _kind = QtWidgets.QFileDialog.getOpenFileNames(self, title, "", kinds)
        self._presenter.add_files(paths)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for document in Krita.instance().documents():
            self._menu.addSection(host.name_of(document))
            for node in host.layers(document):
                choice = layer_choice(KritaDocument(document), node)
                action = self._menu.addAction(choice.name.replace("&", "&&"))
                connect(action.triggered, lambda choice=choice: self.add(choice))
        if self._menu.isEmpty():
            self._menu.addAction(_("No picture is open.")).setEnabled(False)

    def _remove_selected(self) -> None:
        for row in self._presenter.remove(self._list.row(item) for item in self._list.selectedItems()):
            self._list.takeItem(row)
        self.changed.emit()

    def _show_buttons(self) -> None:
        self._remove.setEnabled(bool(self._list.selectedItems()))


def _name(target: ChosenTarget) -> str:
    return target.name if isinstance(target, Path) else _("Layer “{name}”").format(name=target.name)
