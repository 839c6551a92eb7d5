"""The server's trainings as a list to choose from."""

from __future__ import annotations

from ..core.presenters.training_list import TrainingListPresenter
from ..core.texts import _
from .gtk import Gtk, label, plain

_WIDTH = 190  # pixels


class TrainingList(Gtk.ScrolledWindow):
    def __init__(self, presenter: TrainingListPresenter) -> None:
        super().__init__(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN)
        self._filling = False
        self._presenter = presenter
        self._rows: dict[str, _Row] = {}
        self._list = Gtk.ListBox()
        self._list.get_accessible().set_name(_("Trainings on the server"))
        self._list.connect("row-selected", self._selected)
        self.set_size_request(_WIDTH, -1)
        self.add(self._list)

    def show_trainings(self) -> None:
        """Updates the list to the trainings as they are now."""
        self._filling = True
        if self._presenter.refresh():
            self._refill()
        for identifier, line in self._presenter.entries:
            self._rows[identifier].show_line(line)
        self._list.select_row(self._rows[self._presenter.followed])
        self._filling = False

    def _refill(self) -> None:
        for old in self._list.get_children():
            self._list.remove(old)
        self._rows = {identifier: _Row(identifier) for identifier, _line in self._presenter.entries}
        for row in self._rows.values():
            self._list.add(row)
        self._list.show_all()

    def _selected(self, rows: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
        if not self._filling and isinstance(row, _Row):
            self._presenter.choose(row.identifier)


class _Row(Gtk.ListBoxRow):
    """A row whose text is changed in place, so that it stays where it is while the artist is about to click on it."""

    def __init__(self, identifier: str) -> None:
        super().__init__()
        self.identifier = identifier
        self._line = label()
        self._line.set_max_width_chars(24)
        self._line.set_property("margin", 6)
        plain(self._line)
        self.add(self._line)

    def show_line(self, line: str) -> None:
        if line != self._line.get_text():
            self._line.set_text(line)
