"""What a new training is made of, and its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from gi.repository import Gimp

from ..core.settings import Settings
from ..core.texts import _
from ..core.training import Trainings
from ..core.training_wish import LONGEST_TITLE, PRESETS, preset_title, preset_words
from . import painting, source_place
from .gtk import Gtk, box, label
from .problems import Problem
from .target_list import TargetList

Attempt = Callable[[Callable[[], None]], None]
# The settings as they are, after the change that is given.
KeptSettings = Callable[[Optional[Callable[[Settings], Settings]]], Settings]


class PaintingForm(Gtk.Box):
    def __init__(
        self,
        image: Gimp.Image,
        drawables: list[Gimp.Drawable],
        trainings: Trainings,
        settings: KeptSettings,
        attempt: Attempt,
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self._trainings, self._settings = trainings, settings
        self._image = image
        self._source: Gimp.Layer | None = None
        try:
            self._source = painting.source_layer(image, drawables)
            said, suggestion = _source_words(image, self._source), painting.suggested_title(image, self._source)
        except Problem as problem:
            said, suggestion = str(problem), ""
        self._painting = label(said)
        self._targets = TargetList(self._source, attempt)
        self._targets.connect("changed", lambda targets: self.show_state())
        self._title = Gtk.Entry(text=suggestion, hexpand=True, max_length=LONGEST_TITLE)
        self._title.set_tooltip_text(_("What the filter will be called in the list of filters"))
        self._preset = Gtk.ComboBoxText()
        for preset in PRESETS:
            self._preset.append(preset, preset_title(preset))
        self._preset.set_active_id(settings(None).training_preset)
        self._words = label(dim=True)
        self._start = _button(_("_Start training"), lambda: attempt(self._begin))
        self._withdraw = _button(_("_Cancel"), trainings.withdraw)
        self._withdraw.set_tooltip_text(_("Stops sending the pictures; nothing is trained"))
        self._bar = Gtk.ProgressBar(valign=Gtk.Align.CENTER)
        self._title.connect("activate", lambda entry: self._press_start())
        self._preset.connect("changed", lambda presets: self._choose_preset())
        self._arrange()

    def grab_first(self) -> None:
        """The next key goes to what is to be chosen first."""
        self._targets.grab_files()

    def show_state(self) -> None:
        trainings = self._trainings
        sending = trainings.doing == "start"
        ready = self._source is not None and bool(self._targets.targets) and trainings.problem is None
        self._start.set_sensitive(ready and trainings.listed and not trainings.doing)
        self._start.set_tooltip_text(None if self._targets.targets else _("Add a photo first."))
        self._withdraw.set_visible(sending)
        self._bar.set_visible(sending)
        self._bar.set_fraction(trainings.sent or 0.0)
        self._words.set_text(preset_words(self._chosen_preset))
        for control in (self._targets, self._title, self._preset):
            control.set_sensitive(not sending)

    def _press_start(self) -> None:
        if self._start.get_sensitive():
            self._start.clicked()

    def _arrange(self) -> None:
        note = label(
            _("The pictures are sent to the server, which trains a filter that turns the painting into such a photo.")
        )
        note.set_max_width_chars(60)
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        rows: tuple[tuple[str, Gtk.Widget], ...] = (
            (_("Painting:"), self._painting),
            (_("Photos:"), self._targets),
            (_("_Title:"), self._title),
            (_("_Quality:"), self._preset),
        )
        for row, (text, widget) in enumerate(rows):
            grid.attach(_name(text, widget), 0, row, 1, 1)
            grid.attach(widget, 1, row, 1, 1)
        grid.attach(self._words, 1, len(rows), 1, 1)
        buttons = box("horizontal", spacing=12)
        buttons.pack_end(self._start, False, False, 0)
        buttons.pack_end(self._withdraw, False, False, 0)
        buttons.pack_start(self._bar, True, True, 0)
        self.pack_start(note, False, False, 0)
        self.pack_start(grid, False, False, 0)
        self.pack_end(buttons, False, False, 0)

    @property
    def _chosen_preset(self) -> str:
        return self._preset.get_active_id() or PRESETS[0]

    def _choose_preset(self) -> None:
        self._settings(lambda kept: replace(kept, training_preset=self._chosen_preset))
        self.show_state()

    def _begin(self) -> None:
        if self._source is None or not self._source.is_valid():
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        title = self._title.get_text().strip() or painting.suggested_title(self._image, self._source)
        wish = painting.wish(self._source, self._targets.targets, title, self._chosen_preset, self._settings(None))
        self._trainings.start(wish, source_place.note(self._source))


def _source_words(image: Gimp.Image, layer: Gimp.Layer) -> str:
    words = _("Layer “{name}” of {picture}").format(name=layer.get_name(), picture=image.get_name())
    return (
        words if Gimp.Selection.is_empty(image) else _("{layer}, the selected part as a rectangle").format(layer=words)
    )


def _name(text: str, widget: Gtk.Widget) -> Gtk.Label:
    target = widget if widget.get_can_focus() else None
    return Gtk.Label(label=text, use_underline=True, xalign=0, valign=Gtk.Align.START, mnemonic_widget=target)


def _button(text: str, clicked: Callable[[], None]) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.connect("clicked", lambda button: clicked())
    return button
