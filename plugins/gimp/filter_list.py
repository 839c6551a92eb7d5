"""The server's filters as a list of pictures, with a search and favourites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ..client.messages import Filter
from ..core.browser import facts
from ..core.presenters.filter_list import FilterListPresenter, FilterRow
from ..core.texts import _
from .gtk import GdkPixbuf, Gio, GLib, GObject, Gtk, Pango, box, label, plain

_THUMBNAIL_WIDTH, _THUMBNAIL_HEIGHT = 120, 60
_STARS = {True: "★", False: "☆"}


class FilterList(Gtk.Box):
    """Emits ``chosen`` when another filter or none is selected, ``applied`` on a double click and ``starred``
    (identifier, wanted) when the artist makes a filter a favourite or takes that back."""

    __gsignals__: ClassVar = {
        "chosen": (GObject.SignalFlags.RUN_FIRST, None, ()),
        "applied": (GObject.SignalFlags.RUN_FIRST, None, ()),
        "starred": (GObject.SignalFlags.RUN_FIRST, None, (str, bool)),
    }

    def __init__(self, wanted: str) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._presenter = FilterListPresenter(wanted)
        self._filters: Sequence[Filter] = ()
        self._favourites: Sequence[str] = ()
        self._nothing = ""
        self._filling = False
        self._search = Gtk.SearchEntry(placeholder_text=_("Search the filters"), activates_default=True)
        self._search.connect("search-changed", lambda entry: self._fill())
        self._search.connect("stop-search", _escape)
        self._list = Gtk.ListBox(activate_on_single_click=False)
        self._list.connect("row-selected", self._selected)
        self._list.connect("row-activated", lambda rows, row: self.emit("applied"))
        self._empty = label(dim=True)
        self._empty.set_property("margin", 12)
        self._empty.show()
        self._list.set_placeholder(self._empty)
        self._scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN)
        self._scrolled.add(self._list)
        self.pack_start(self._search, False, False, 0)
        self.pack_start(self._scrolled, True, True, 0)

    def grab_search(self) -> None:
        """Gives the keyboard focus to the search field, where Return applies the filter."""
        self._search.grab_focus()

    @property
    def chosen(self) -> Filter | None:
        return self._presenter.selected

    def show_filters(self, filters: Sequence[Filter], favourites: Sequence[str], nothing: str) -> None:
        """Lists the filters, favourites first. ``nothing`` is the text for when the server has none at all."""
        self._filters, self._favourites, self._nothing = filters, favourites, nothing
        self._fill()

    def _fill(self) -> None:
        presenter, before = self._presenter, self.chosen
        presenter.query = self._search.get_text()
        others = presenter.refresh(self._filters, self._favourites)
        self._empty.set_text(presenter.nothing(self._nothing))
        if others:
            self._rebuild()
        after = self.chosen
        if (before and (before.id, before.sha256)) != (after and (after.id, after.sha256)):
            self.emit("chosen")

    def _rebuild(self) -> None:
        self._filling = True
        for old in self._list.get_children():
            self._list.remove(old)
        rows = [_Row(row, self._star) for row in self._presenter.rows]
        for row in rows:
            self._list.add(row)
        self._list.show_all()
        place = self._presenter.reselect()
        self._list.select_row(None if place is None else rows[place])
        self._filling = False

    def _selected(self, rows: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
        if self._filling:
            return
        self._presenter.select(row.shown if isinstance(row, _Row) else None)
        if row is not None:
            self.emit("chosen")

    def _star(self, identifier: str, wanted: bool) -> None:
        self.emit("starred", identifier, wanted)


class _Row(Gtk.ListBoxRow):
    def __init__(self, row: FilterRow, star: Callable[[str, bool], None]) -> None:
        super().__init__()
        self.shown = shown = row.filter
        name = Gtk.Label(xalign=0, ellipsize=Pango.EllipsizeMode.END)
        name.set_markup(f"<b>{GLib.markup_escape_text(row.title)}</b>")
        kind = Gtk.Label(label=row.kind, xalign=0, ellipsize=Pango.EllipsizeMode.END)
        kind.get_style_context().add_class("dim-label")
        words = box("vertical", name, kind, spacing=2)
        words.set_valign(Gtk.Align.CENTER)
        plain(words)
        button = Gtk.ToggleButton(label=_STARS[row.favourite], active=row.favourite, relief=Gtk.ReliefStyle.NONE)
        button.set_tooltip_text(_("Favourites come first"))
        button.get_accessible().set_name(_("Favourite"))
        button.connect("toggled", lambda button: star(shown.id, button.get_active()))
        button.set_valign(Gtk.Align.CENTER)
        line = box("horizontal", _picture(shown), border=4, spacing=8)
        line.pack_start(words, True, True, 0)
        line.pack_end(button, False, False, 0)
        self.set_tooltip_text("\n".join(f"{name}: {value}" for name, value in facts(shown)))
        self.add(line)


def _escape(search: Gtk.SearchEntry) -> None:
    """Empties the search field; if it is empty already, closes the dialog, as Escape does everywhere else."""
    if search.get_text():
        search.set_text("")
    else:
        search.get_toplevel().response(Gtk.ResponseType.CANCEL)


def _picture(shown: Filter) -> Gtk.Image:
    """Returns the filter's picture, before and after, or an empty place of the same size."""
    picture = Gtk.Image()
    picture.set_size_request(_THUMBNAIL_WIDTH, _THUMBNAIL_HEIGHT)
    picture.set_from_pixbuf(_decoded(shown.thumbnail))
    return picture


def _decoded(thumbnail: bytes) -> GdkPixbuf.Pixbuf | None:
    if not thumbnail:
        return None
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(thumbnail))
    try:
        return GdkPixbuf.Pixbuf.new_from_stream_at_scale(stream, _THUMBNAIL_WIDTH, _THUMBNAIL_HEIGHT, True, None)
    except GLib.Error:
        return None
