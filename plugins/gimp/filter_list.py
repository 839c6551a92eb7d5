"""The server's filters as a list of pictures, with a search and favourites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ..client.messages import Filter
from ..core.browser import domains, facts, matching, title
from ..core.texts import _
from .gtk import GdkPixbuf, Gio, GLib, GObject, Gtk, Pango, box, label, plain

_THUMBNAIL_WIDTH, _THUMBNAIL_HEIGHT = 120, 60
_STARS = {True: "★", False: "☆"}


class FilterList(Gtk.Box):
    """Emits ``chosen`` when another filter is selected, or none any more, ``applied`` on a double click and ``starred``
    (identifier, wanted)."""

    __gsignals__: ClassVar = {
        "chosen": (GObject.SignalFlags.RUN_FIRST, None, ()),
        "applied": (GObject.SignalFlags.RUN_FIRST, None, ()),
        "starred": (GObject.SignalFlags.RUN_FIRST, None, (str, bool)),
    }

    def __init__(self, wanted: str) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._filters: Sequence[Filter] = ()
        self._favourites: Sequence[str] = ()
        self._nothing = ""
        self._wanted = wanted
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
        """The next key goes to the search; Return there is Apply."""
        self._search.grab_focus()

    @property
    def chosen(self) -> Filter | None:
        row = self._list.get_selected_row()
        return row.shown if isinstance(row, _Row) else None

    def show_filters(self, filters: Sequence[Filter], favourites: Sequence[str], nothing: str) -> None:
        """``nothing`` is said where there is no filter at all."""
        known = [(found.id, found.sha256) for found in self._filters] == [(found.id, found.sha256) for found in filters]
        self._nothing = nothing
        if known and tuple(favourites) == tuple(self._favourites) and filters:
            return
        self._filters, self._favourites = filters, favourites
        self._fill()

    def _fill(self) -> None:
        before = self.chosen
        wanted = before.id if before else self._wanted
        self._filling = True
        for row in self._list.get_children():
            self._list.remove(row)
        query = self._search.get_text()
        for found in matching(self._filters, query, self._favourites):
            self._list.add(_Row(found, found.id in self._favourites, self._star))
        self._empty.set_text(_("No filter matches the search.") if self._filters else self._nothing)
        self._list.show_all()
        self._filling = False
        self._select(wanted)
        after = self.chosen
        if (before and (before.id, before.sha256)) != (after and (after.id, after.sha256)):
            self.emit("chosen")

    def _select(self, wanted: str) -> None:
        rows = [row for row in self._list.get_children() if isinstance(row, _Row)]
        row = next((row for row in rows if row.shown.id == wanted), rows[0] if rows else None)
        self._filling = True
        self._list.select_row(row)
        self._filling = False

    def _selected(self, rows: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
        if not self._filling and isinstance(row, _Row):
            self._wanted = row.shown.id
            self.emit("chosen")

    def _star(self, identifier: str, wanted: bool) -> None:
        self.emit("starred", identifier, wanted)


class _Row(Gtk.ListBoxRow):
    def __init__(self, shown: Filter, favourite: bool, star: Callable[[str, bool], None]) -> None:
        super().__init__()
        self.shown = shown
        name = Gtk.Label(xalign=0, ellipsize=Pango.EllipsizeMode.END)
        name.set_markup(f"<b>{GLib.markup_escape_text(title(shown))}</b>")
        kind = Gtk.Label(label=domains(shown) or shown.method, xalign=0, ellipsize=Pango.EllipsizeMode.END)
        kind.get_style_context().add_class("dim-label")
        words = box("vertical", name, kind, spacing=2)
        words.set_valign(Gtk.Align.CENTER)
        plain(words)
        button = Gtk.ToggleButton(label=_STARS[favourite], active=favourite, relief=Gtk.ReliefStyle.NONE)
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
    """Empties the search; once it is empty, Escape ends the dialog here as everywhere else."""
    if search.get_text():
        search.set_text("")
    else:
        search.get_toplevel().response(Gtk.ResponseType.CANCEL)


def _picture(shown: Filter) -> Gtk.Image:
    """Before and after, or an empty place of the same size."""
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
