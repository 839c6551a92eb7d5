"""The form that asks what a new training is made of, and starts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from gi.repository import Gimp

from ..core.gathering import suggested_title
from ..core.presenters.training_form import TrainingFormPresenter
from ..core.problems import Problem
from ..core.settings import Settings
from ..core.texts import _
from ..core.training import Trainings
from ..core.training_wish import LONGEST_TITLE, PRESETS
from . import painting, source_place
from .gtk import Gtk, box, label
from .target_list import TargetList

Attempt = Callable[[Callable[[], None]], None]
# Returns the settings, after making and saving a change, if one is given.
KeptSettings = Callable[[Optional[Callable[[Settings], Settings]]], Settings]


class PaintingForm(Gtk.Box):
    def __init__(
        self,
        image: Gimp.Image | None,
        drawables: list[Gimp.Drawable],
        trainings: Trainings,
        settings: KeptSettings,
        attempt: Attempt,
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self._trainings, self._settings = trainings, settings
        self._presenter = TrainingFormPresenter(trainings, needs_list=True)
        texts = self._presenter.texts
        self._source: Gimp.Layer | None = None
        try:
            self._source = painting.source_layer(image, drawables)
            said, suggestion = self._source_words(self._source), suggested_title(painting.layer_choice(self._source))
        except Problem as problem:
            said, suggestion = str(problem), ""
        self._painting = label(said)
        self._targets = TargetList(self._source, attempt)
        self._targets.connect("changed", lambda targets: self.show_state())
        self._title = Gtk.Entry(text=suggestion, hexpand=True, max_length=LONGEST_TITLE)
        self._title.set_tooltip_text(texts.title_tip)
        self._preset = Gtk.ComboBoxText()
        for preset, title in self._presenter.presets:
            self._preset.append(preset, title)
        self._preset.set_active_id(settings(None).training_preset)
        self._words = label(dim=True)
        self._start = _button(texts.start, lambda: attempt(self._begin))
        self._withdraw = _button(texts.withdraw, self._presenter.withdraw)
        self._withdraw.set_tooltip_text(texts.withdraw_tip)
        self._bar = Gtk.ProgressBar(valign=Gtk.Align.CENTER)
        self._title.connect("activate", lambda entry: self._press_start())
        self._preset.connect("changed", lambda presets: self._choose_preset())
        self._arrange()

    def grab_first(self) -> None:
        """Gives the keyboard focus to the control that is to be used first."""
        self._targets.grab_files()

    def show_state(self) -> None:
        shown = self._presenter.shown(
            has_source=self._source is not None, has_targets=bool(self._targets.targets), preset=self._chosen_preset
        )
        self._start.set_sensitive(shown.can_start)
        self._start.set_tooltip_text(shown.start_tip or None)
        self._withdraw.set_visible(shown.sending)
        self._bar.set_visible(shown.sending)
        self._bar.set_fraction(shown.sent or 0.0)
        self._words.set_text(shown.preset_words)
        for control in (self._targets, self._title, self._preset):
            control.set_sensitive(not shown.sending)

    def _press_start(self) -> None:
        if self._start.get_sensitive():
            self._start.clicked()

    def _arrange(self) -> None:
        texts = self._presenter.texts
        note = label(texts.note)
        note.set_max_width_chars(60)
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        rows: tuple[tuple[str, Gtk.Widget], ...] = (
            (texts.painting, self._painting),
            (texts.photos, self._targets),
            (texts.title, self._title),
            (texts.quality, self._preset),
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

    def _source_words(self, layer: Gimp.Layer) -> str:
        image = layer.get_image()
        with_selection = not Gimp.Selection.is_empty(image)
        return self._presenter.source_words(layer.get_name(), image.get_name(), with_selection=with_selection)

    @property
    def _chosen_preset(self) -> str:
        return self._preset.get_active_id() or PRESETS[0]

    def _choose_preset(self) -> None:
        self._settings(lambda kept: replace(kept, training_preset=self._chosen_preset))
        self.show_state()

    def _begin(self) -> None:
        if self._source is None or not self._source.is_valid():
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        suggestion = suggested_title(painting.layer_choice(self._source))
        title = self._presenter.title_to_send(self._title.get_text(), suggestion)
        wish = painting.wish(self._source, self._targets.targets, title, self._chosen_preset, self._settings(None))
        self._trainings.start(wish, source_place.note(self._source))


def _name(text: str, widget: Gtk.Widget) -> Gtk.Label:
    target = widget if widget.get_can_focus() else None
    return Gtk.Label(label=text, use_underline=True, xalign=0, valign=Gtk.Align.START, mnemonic_widget=target)


def _button(text: str, clicked: Callable[[], None]) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.connect("clicked", lambda button: clicked())
    return button
