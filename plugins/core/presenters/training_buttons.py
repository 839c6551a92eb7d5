"""The buttons of one training, which show what can be done with it now."""

from __future__ import annotations

from dataclasses import dataclass

from ...client.messages import TrainingState
from ..texts import _
from ..training import Trainings
from ..training_words import ended


@dataclass(frozen=True)
class Button:
    """A button's state. ``text`` has its key marked with an underscore."""

    text: str
    tip: str
    visible: bool
    enabled: bool


@dataclass(frozen=True)
class TrainingButtons:
    use: Button
    stop: Button
    cancel: Button
    resume: Button
    delete: Button


def buttons_of(trainings: Trainings, *, busy: bool) -> TrainingButtons:
    """Returns the followed training's buttons. ``busy`` is True while layers are translated."""
    seen = trainings.seen
    going = seen.job is not None and not ended(seen.job)
    finished = seen.is_in(TrainingState.FINISHED)
    interrupted = seen.is_in(TrainingState.CANCELLED, TrainingState.FAILED)
    return TrainingButtons(
        use=Button(
            _("Translate _with it") if finished else _("_Use now"),
            _("Translates the painting's layer with what it has learned, into a new layer above"),
            True,
            trainings.can_use and not busy,
        ),
        stop=Button(
            _("_Stop here"),
            _("Ends the training; what it has learned becomes its filter"),
            going,
            trainings.can_stop,
        ),
        cancel=Button(_("_Cancel training…"), "", going, trainings.can_cancel),
        resume=Button(_("_Resume"), _("Continues from the last checkpoint"), interrupted, trainings.can_resume),
        delete=Button(_("_Delete…"), "", seen.job is not None and not going, trainings.can_delete),
    )
