"""The window with past results, which can be inserted again or deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..core.kept_results import CAP_BYTES, Kept, ResultStore, Thumbnail
from ..core.texts import _
from . import gtk
from .gtk import GdkPixbuf, GLib, Gtk, Pango, box, label, plain

_DELETE, _CLEAR = 1, 2  # the dialog's answers that leave it open
_PLACE = 96  # pixels, the side of a thumbnail's place


def run(store: ResultStore) -> Kept | None:
    """Shows the window. Returns the result that the artist wants to insert again, or None."""
    gtk.init()
    window = _ResultsWindow(store)
    try:
        return window.run()
    finally:
        window.close()


class _ResultsWindow:
    def __init__(self, store: ResultStore) -> None:
        self._store = store
        self._dialog = Gtk.Dialog(title=_("Results"))
        self._dialog.get_action_area().set_child_secondary(self._dialog.add_button(_("Clear _all"), _CLEAR), True)
        self._dialog.add_button(_("_Delete"), _DELETE)
        self._dialog.add_buttons(_("_Close"), Gtk.ResponseType.CLOSE, _("_Insert again"), Gtk.ResponseType.OK)
        self._dialog.set_default_response(Gtk.ResponseType.OK)
        self._dialog.set_default_size(560, 480)
        self._list = Gtk.ListBox(activate_on_single_click=False)
        self._list.connect("row-activated", lambda rows, row: self._dialog.response(Gtk.ResponseType.OK))
        self._list.get_accessible().set_name(_("Results"))
        nothing = label(_("No results yet"), dim=True)
        nothing.set_property("margin", 12)
        nothing.show()
        self._list.set_placeholder(nothing)
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN)
        scrolled.add(self._list)
        about = _(
            "The newest results are kept without loss, at most {megabytes} MB; you can turn this off in the settings."
        )
        whole = box("vertical", border=12)
        whole.pack_start(scrolled, True, True, 0)
        whole.pack_start(label(about.format(megabytes=CAP_BYTES >> 20), dim=True), False, False, 0)
        self._dialog.get_content_area().pack_start(whole, True, True, 0)
        whole.show_all()

    def run(self) -> Kept | None:
        self._fill()
        while True:
            answer = self._dialog.run()
            chosen = self._chosen
            if answer == _DELETE and chosen:
                self._remove(partial(self._store.remove, chosen))
            elif answer == _CLEAR:
                if self._sure():
                    self._remove(self._store.clear)
            else:
                return chosen if answer == Gtk.ResponseType.OK else None

    def close(self) -> None:
        self._dialog.destroy()

    @property
    def _chosen(self) -> Kept | None:
        row = self._list.get_selected_row()
        return row.kept if isinstance(row, _Row) else None

    def _fill(self, place: int = 0) -> None:
        """Fills the list and selects the row at ``place``, or the last one if there are fewer."""
        for before in self._list.get_children():
            self._list.remove(before)
        rows = [_Row(kept) for kept in self._store.kept]
        for row in rows:
            self._list.add(row)
        self._list.show_all()
        if rows:
            selected = rows[min(place, len(rows) - 1)]
            self._list.select_row(selected)
            selected.grab_focus()
        for answer in (_CLEAR, _DELETE, Gtk.ResponseType.OK):
            self._dialog.set_response_sensitive(answer, bool(rows))

    def _remove(self, removal: Callable[[], None]) -> None:
        row = self._list.get_selected_row()
        place = row.get_index() if row else 0
        try:
            removal()
        except OSError as error:
            gtk.say(self._dialog, _("A result cannot be deleted ({why}).").format(why=error.strerror or error))
        self._fill(place)

    def _sure(self) -> bool:
        question, consequence = _("Delete all results that are kept?"), _("The layers in your pictures stay.")
        return gtk.ask(self._dialog, _("Results"), question, consequence, yes=_("_Delete all"), no=_("_Cancel"))


class _Row(Gtk.ListBoxRow):
    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept
        entry = kept.entry
        name = Gtk.Label(xalign=0, ellipsize=Pango.EllipsizeMode.END)
        name.set_markup(f"<b>{GLib.markup_escape_text(entry.filter_title)}</b>")
        picture = Gtk.Label(label=entry.extra.get("picture", ""), xalign=0, ellipsize=Pango.EllipsizeMode.MIDDLE)
        facts = Gtk.Label(label=f"{_moment(entry.moment)}   {entry.width} x {entry.height}", xalign=0)
        facts.get_style_context().add_class("dim-label")
        words = box("vertical", name, picture, facts, spacing=2)
        words.set_valign(Gtk.Align.CENTER)
        plain(words)
        line = box("horizontal", _picture(kept.thumbnail), border=4, spacing=12)
        line.pack_start(words, True, True, 0)
        self.add(line)


def _moment(seconds: float) -> str:
    """Returns the local date, as the artist's system writes it, and the time."""
    return str(GLib.DateTime.new_from_unix_local(int(seconds)).format("%x %H:%M"))


def _picture(shown: Thumbnail) -> Gtk.Image:
    content = GLib.Bytes.new(shown.pixels)
    pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
        content, GdkPixbuf.Colorspace.RGB, True, 8, shown.width, shown.height, shown.width * 4
    )
    picture = Gtk.Image(pixbuf=pixbuf)
    picture.set_size_request(_PLACE, _PLACE)
    return picture
