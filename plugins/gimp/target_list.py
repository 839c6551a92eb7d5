"""The list of photos that a new training learns from: layers of open pictures, and files."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ClassVar

from gi.repository import Gimp

from ..core.gathering import ChosenTarget, LayerChoice
from ..core.presenters.target_list import TargetListPresenter
from ..core.texts import _
from ..core.training_wish import SUFFIXES
from .gtk import Gdk, GObject, Gtk, Pango, box
from .painting import layer_choice
from .source_place import every

_HEIGHT = 84  # pixels: three rows


class TargetList(Gtk.Box):
    """Emits ``changed`` when a photo is added or removed. ``attempt`` runs a call and shows what goes wrong;
    ``source``, the painting, cannot be chosen."""

    __gsignals__: ClassVar = {"changed": (GObject.SignalFlags.RUN_FIRST, None, ())}

    def __init__(self, source: Gimp.Layer | None, attempt: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._presenter = TargetListPresenter(self._show)
        self._source, self._attempt = source, attempt
        self._list = Gtk.ListBox(selection_mode=Gtk.SelectionMode.MULTIPLE)
        self._list.get_accessible().set_name(_("Photos to learn from"))
        self._list.connect("selected-rows-changed", lambda rows: self._show_buttons())
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN)
        scrolled.set_size_request(-1, _HEIGHT)
        scrolled.add(self._list)
        self._files = _button(_("Add _files…"), lambda: attempt(self._choose_files))
        self._files.set_tooltip_text(_("PNG, JPEG or WebP pictures, which are sent as they are"))
        self._layers = _button(_("Add la_yer"), self._offer_layers)
        self._layers.set_tooltip_text(_("A layer of one of the open pictures"))
        self._remove = _button(_("_Remove"), self._remove_selected)
        self.pack_start(scrolled, True, True, 0)
        self.pack_start(box("vertical", self._files, self._layers, self._remove), False, False, 0)
        self._show_buttons()

    def grab_files(self) -> None:
        """Gives the keyboard focus to the button that adds files."""
        self._files.grab_focus()

    @property
    def targets(self) -> list[ChosenTarget]:
        return self._presenter.targets

    def _show(self, target: ChosenTarget) -> None:
        self._list.add(_row(target))
        self.emit("changed")

    def _choose_files(self) -> None:
        chooser = Gtk.FileChooserDialog(
            title=_("Photos to learn from"),
            transient_for=self.get_toplevel(),
            action=Gtk.FileChooserAction.OPEN,
            select_multiple=True,
        )
        chooser.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, _("_Choose"), Gtk.ResponseType.ACCEPT)
        chooser.set_default_response(Gtk.ResponseType.ACCEPT)
        kinds = Gtk.FileFilter()
        kinds.set_name(self._presenter.kinds)
        for suffix in SUFFIXES:
            for pattern in (f"*{suffix}", f"*{suffix.upper()}"):
                kinds.add_pattern(pattern)
        chooser.add_filter(kinds)
        chosen = chooser.get_filenames() if chooser.run() == Gtk.ResponseType.ACCEPT else []
        chooser.destroy()
        self._presenter.add_files(chosen)

    def _offer_layers(self) -> None:
        menu = Gtk.Menu()
        for image in Gimp.get_images():
            heading = Gtk.MenuItem(label=image.get_name(), sensitive=False)
            menu.append(heading)
            for layer in every(image.get_layers()):
                menu.append(self._entry(layer_choice(layer)))
        if not menu.get_children():
            menu.append(Gtk.MenuItem(label=_("No picture is open."), sensitive=False))
        menu.attach_to_widget(self._layers)
        menu.show_all()
        menu.popup_at_widget(self._layers, Gdk.Gravity.SOUTH_WEST, Gdk.Gravity.NORTH_WEST, None)

    def _entry(self, choice: LayerChoice) -> Gtk.MenuItem:
        entry = Gtk.MenuItem(label=choice.name, sensitive=choice.layer != self._source)
        entry.connect("activate", lambda item: self._attempt(lambda: self._presenter.add(choice)))
        return entry

    def _remove_selected(self) -> None:
        selected = {row.get_index(): row for row in self._list.get_selected_rows()}
        for number in self._presenter.remove(selected):
            self._list.remove(selected[number])
        self.emit("changed")

    def _show_buttons(self) -> None:
        self._remove.set_sensitive(bool(self._list.get_selected_rows()))


def _row(target: ChosenTarget) -> Gtk.ListBoxRow:
    if isinstance(target, Path):
        name, place = target.name, str(target)
    else:
        picture = target.document.name
        name = place = _("Layer “{name}” of {picture}").format(name=target.name, picture=picture)
    line = Gtk.Label(label=name, xalign=0, ellipsize=Pango.EllipsizeMode.MIDDLE, margin=3)
    row = Gtk.ListBoxRow(tooltip_text=place)
    row.add(line)
    row.show_all()
    return row


def _button(text: str, clicked: Callable[[], None]) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.connect("clicked", lambda button: clicked())
    return button
