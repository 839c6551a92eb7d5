"""The server's trainings as a list to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..client.messages import TrainingJob
from ..core import training_words as words
from ..core.texts import _
from .gtk import Gtk, label, plain

_WIDTH = 190  # pixels


class TrainingList(Gtk.ScrolledWindow):
    """First a new training, which has no identifier, and then those that there are. ``follow`` is told which one the
    artist chooses."""

    def __init__(self, follow: Callable[[str], None]) -> None:
        super().__init__(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN)
        self._filling = False
        self._follow = follow
        self._rows: dict[str, _Row] = {}
        self._list = Gtk.ListBox()
        self._list.get_accessible().set_name(_("Trainings on the server"))
        self._list.connect("row-selected", self._selected)
        self.set_size_request(_WIDTH, -1)
        self.add(self._list)

    def show_trainings(self, jobs: Sequence[TrainingJob], followed: str, seen: TrainingJob | None) -> None:
        """``followed`` is selected; it may not be among the jobs yet, ``seen`` is then what is known of it."""
        lines = {"": _("New training"), **{job.id: words.list_line(job) for job in jobs}}
        if followed not in lines:
            lines[followed] = words.list_line(seen) if seen else _("Looking for the training…")
        self._filling = True
        if list(lines) != list(self._rows):
            self._refill(lines)
        for identifier, line in lines.items():
            self._rows[identifier].show_line(line)
        self._list.select_row(self._rows[followed])
        self._filling = False

    def _refill(self, lines: dict[str, str]) -> None:
        for row in self._list.get_children():
            self._list.remove(row)
        self._rows = {identifier: _Row(identifier) for identifier in lines}
        for row in self._rows.values():
            self._list.add(row)
        self._list.show_all()

    def _selected(self, rows: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
        if not self._filling and isinstance(row, _Row):
            self._follow(row.identifier)


class _Row(Gtk.ListBoxRow):
    """Changed in place, so that what the artist is about to click on stays where it is."""

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
