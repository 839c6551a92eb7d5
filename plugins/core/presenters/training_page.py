"""One training: what it makes of the painting by now, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...client.messages import Filter, TrainingPreview, TrainingState
from .. import training_words as words
from ..texts import _
from ..training import Trainings
from ..training_seen import MadeFrom


@dataclass(frozen=True)
class Button:
    """``text`` has its key marked by an underscore."""

    text: str
    tip: str
    visible: bool
    enabled: bool


@dataclass(frozen=True)
class Question:
    """Both buttons' texts have their keys marked by underscores; ``no`` leaves all as it is."""

    sentence: str
    consequence: str
    yes: str
    no: str


@dataclass(frozen=True)
class ShownTraining:
    """What is empty is not shown. ``pictures`` says what it learns from; ``before`` and ``after`` are its preview, and
    without one ``waiting`` stands in its place. ``share`` (0 to 1) is None while nobody knows. ``doing`` says what is
    being asked of the server, or what became of a translation."""

    pictures: str
    before: TrainingPreview | None
    after: TrainingPreview | None
    waiting: str
    going: bool
    share: float | None
    state: str
    losses: str
    warnings: str
    log: str
    doing: str
    use: Button
    stop: Button
    cancel: Button
    resume: Button
    delete: Button


class TrainingPagePresenter:
    """``ask`` puts a question to the artist and gives whether the answer is yes; ``translate`` is given a filter that
    is ready and what it was made from."""

    def __init__(
        self,
        trainings: Trainings,
        ask: Callable[[Question], bool],
        translate: Callable[[Filter, MadeFrom], None],
    ) -> None:
        self._trainings = trainings
        self._ask = ask
        self._translate = translate

    def shown(self, *, busy: bool, translation: str) -> ShownTraining:
        """``busy`` while layers are translated, ``translation`` in words, empty when none is of this training."""
        seen, job = self._trainings.seen, self._trainings.seen.job
        going = job is not None and not words.ended(job)
        use, stop, cancel, resume, delete = self._buttons(going, busy)
        return ShownTraining(
            pictures=words.pictures_line(job) if job else "",
            before=seen.original,
            after=seen.preview,
            waiting=words.preview_line(job),
            going=going,
            share=words.fraction(job) if job else None,
            state=words.state_line(job) if job else _("Looking for the training…"),
            losses=words.losses_line(job) if job else "",
            warnings="\n".join(job.warnings) if job else "",
            log="\n".join(seen.log) if seen.is_in(TrainingState.FAILED) else "",
            doing=words.doing_line(self._trainings.doing) or translation,
            use=use,
            stop=stop,
            cancel=cancel,
            resume=resume,
            delete=delete,
        )

    @property
    def time(self) -> str:
        """How long it takes; it goes on by itself. Empty while nobody knows how the training gets on."""
        seen = self._trainings.seen
        if seen.job is None or self._trainings.problem is not None:
            return ""
        return words.time_line(seen.job, seen.elapsed, seen.seconds_left)

    def use(self) -> None:
        self._trainings.use(self._translate)

    def stop(self) -> None:
        self._trainings.stop()

    def resume(self) -> None:
        self._trainings.resume()

    def cancel(self) -> None:
        """Once the artist is sure."""
        question = Question(
            _("Cancel this training?"),
            _("What it has learned stays on the server, and it can be resumed."),
            _("_Cancel training"),
            _("_Go on training"),
        )
        if self._ask(question):
            self._trainings.cancel()

    def delete(self) -> None:
        """Once the artist is sure."""
        question = Question(
            _("Delete this training and its files from the server?"),
            _("A filter that was made of it stays."),
            _("_Delete"),
            _("_Cancel"),
        )
        if self._ask(question):
            self._trainings.delete()

    def _buttons(self, going: bool, busy: bool) -> tuple[Button, Button, Button, Button, Button]:
        trainings, seen = self._trainings, self._trainings.seen
        finished = seen.is_in(TrainingState.FINISHED)
        interrupted = seen.is_in(TrainingState.CANCELLED, TrainingState.FAILED)
        over = seen.job is not None and not going
        use = _("Translate _with it") if finished else _("_Use now")
        use_tip = _("Translates the painting's layer with what it has learned, into a new layer above")
        stop_tip = _("Ends the training; what it has learned becomes its filter")
        return (
            Button(use, use_tip, True, trainings.can_use and not busy),
            Button(_("_Stop here"), stop_tip, going, trainings.can_stop),
            Button(_("_Cancel training…"), "", going, trainings.can_cancel),
            Button(_("_Resume"), _("Goes on from where it was last kept"), interrupted, trainings.can_resume),
            Button(_("_Delete…"), "", over, trainings.can_delete),
        )
