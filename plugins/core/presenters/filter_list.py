"""The list of filters with a search and favourites: which are shown, in which order, and which is selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...client.messages import Filter
from ..browser import domains, matching, title
from ..session import Session
from ..settings import Settings
from ..texts import _, ngettext


@dataclass(frozen=True)
class FilterRow:
    """A filter's row. ``kind`` says what the filter turns into what, or else its method."""

    filter: Filter
    favourite: bool

    @property
    def title(self) -> str:
        return title(self.filter)

    @property
    def kind(self) -> str:
        return domains(self.filter) or self.filter.method


class FilterListPresenter:
    """``rows`` are the filters that match ``query``. ``selected`` is the filter in the selected row; while there is
    none, ``wanted`` is the identifier of the filter to select once it is listed."""

    def __init__(self, wanted: str = "") -> None:
        self.query = ""
        self.rows: list[FilterRow] = []
        self.selected: Filter | None = None
        self.wanted = wanted
        self._filters: Sequence[Filter] = ()

    def refresh(self, filters: Sequence[Filter], favourites: Sequence[str]) -> bool:
        """Takes the server's present filters; returns whether the rows have changed."""
        before, self._filters = self.rows, filters
        self.rows = [FilterRow(one, one.id in favourites) for one in matching(filters, self.query, favourites)]
        return _keys(before) != _keys(self.rows)

    def place_of(self, filter_id: str) -> int | None:
        """Returns the row number of this filter, from 0; None when it has none."""
        return next((place for place, row in enumerate(self.rows) if row.filter.id == filter_id), None)

    def select(self, selected: Filter | None) -> None:
        """Takes the filter that the artist has selected, or None."""
        self.selected = selected
        if selected is not None:
            self.wanted = selected.id

    def reselect(self) -> int | None:
        """Selects a row after a refresh and returns it: that of the selected filter, or of the wanted one if none is
        selected; else the first; None without rows."""
        place = self.place_of(self.selected.id if self.selected else self.wanted)
        place = 0 if place is None and self.rows else place
        self.selected = None if place is None else self.rows[place].filter
        return place

    def nothing(self, why: str) -> str:
        """Returns the text in place of rows: ``why`` when the server has no filters at all."""
        return _("No filter matches the search.") if self._filters else why


def with_other_star(settings: Settings, filter_id: str) -> Settings:
    """Returns the settings with this filter made a favourite, or no longer one."""
    return settings.with_favourite(filter_id, filter_id not in settings.favourites)


def no_filter(session: Session) -> str:
    """Says why no filters are shown, when the server lists none."""
    if session.connection.kind != "connected":
        return _("The filters are shown as soon as the server answers.")
    if session.rejected:
        first = session.rejected[0]
        return _("The server cannot use {file}: {reason}").format(file=first.file_name, reason=first.reason)
    return _("The server has no filters yet. Put one into its folder and it appears here.")


def refused_files(session: Session) -> tuple[str, str]:
    """Says how many files the server cannot use, and which ones and why; both texts are empty when there are none."""
    number = len(session.rejected)
    if not number:
        return "", ""
    line = ngettext(
        "{number} file in the server's folder cannot be used.",
        "{number} files in the server's folder cannot be used.",
        number,
    ).format(number=number)
    return line, "\n".join(f"{one.file_name}: {one.reason}" for one in session.rejected)


def short_facts(shown: Filter) -> str:
    """Returns the most important facts about a filter, in a few lines."""
    lines = [title(shown), shown.description]
    if shown.training and shown.training.images_seen:
        lines.append(_("Trained on {number} pictures.").format(number=shown.training.images_seen))
    if shown.licence:
        lines.append(_("Licence: {licence}").format(licence=shown.licence))
    return "\n".join(line for line in lines if line)


def _keys(rows: Sequence[FilterRow]) -> list[tuple[str, str, bool]]:
    return [(row.filter.id, row.filter.sha256, row.favourite) for row in rows]
