"""The form for a new training."""

from __future__ import annotations

from dataclasses import dataclass

from ..texts import _
from ..training import Trainings
from ..training_wish import PRESETS, preset_title, preset_words


@dataclass(frozen=True)
class FormTexts:
    """The form's constant texts; those of controls have their keys marked with an underscore."""

    note: str
    painting: str
    photos: str
    title: str
    title_tip: str
    quality: str
    start: str
    withdraw: str
    withdraw_tip: str


@dataclass(frozen=True)
class ShownForm:
    """The form's state. While ``sending``, nothing can be chosen, and ``sent`` is the share (0 to 1) of the pictures
    that was sent, None while unknown. ``preset_words`` say how long the chosen preset takes."""

    can_start: bool
    start_tip: str
    sending: bool
    sent: float | None
    preset_words: str


class TrainingFormPresenter:
    """The editor sets ``reading`` while it reads the layers to send. With ``needs_list``, nothing can be started
    before the server has listed its trainings."""

    def __init__(self, trainings: Trainings, *, needs_list: bool) -> None:
        self.reading = False
        self.texts = _texts()
        self.presets = [(preset, preset_title(preset)) for preset in PRESETS]
        self._trainings = trainings
        self._needs_list = needs_list
        self._suggested = ""

    def shown(self, *, has_source: bool, has_targets: bool, preset: str) -> ShownForm:
        """Returns the form's state, given whether a painting and photos are chosen, and the chosen preset."""
        trainings = self._trainings
        idle = not trainings.doing and not self.reading
        answers = trainings.problem is None and (trainings.listed or not self._needs_list)
        return ShownForm(
            can_start=has_source and has_targets and answers and idle,
            start_tip="" if has_targets else _("Add a photo first."),
            sending=self.reading or trainings.doing == "start",
            sent=trainings.sent,
            preset_words=preset_words(preset),
        )

    def title_beside(self, entered: str, suggestion: str) -> str:
        """Returns the title to show for another painting: the suggestion, unless the artist has entered a title."""
        if entered != self._suggested:
            return entered
        self._suggested = suggestion
        return suggestion

    def title_to_send(self, entered: str, suggestion: str) -> str:
        return entered.strip() or suggestion

    def source_words(self, layer: str, picture: str, *, with_selection: bool) -> str:
        """Names the chosen painting: a layer of a picture, or the selected part of it."""
        words = _("Layer “{name}” of {picture}").format(name=layer, picture=picture)
        return _("{layer}, the rectangle around the selection").format(layer=words) if with_selection else words

    def withdraw(self) -> None:
        self.reading = False
        self._trainings.withdraw()


def _texts() -> FormTexts:
    return FormTexts(
        note=_(
            "The pictures are sent to the server, which trains a filter that makes the painting look like the photos."
        ),
        painting=_("Painting:"),
        photos=_("Photos:"),
        title=_("_Title:"),
        title_tip=_("What the filter will be called in the list of filters"),
        quality=_("_Quality:"),
        start=_("_Start training"),
        withdraw=_("_Cancel"),
        withdraw_tip=_("Stops sending the pictures; nothing will be trained"),
    )
