"""The page of one training: its preview, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...client.messages import Filter, TrainingPreview, TrainingState
from .. import training_words as words
from ..texts import _
from ..training import Trainings
from ..training_seen import MadeFrom
from .training_buttons import TrainingButtons, buttons_of


@dataclass(frozen=True)
class Question:
    """A yes-or-no question. The buttons' texts have their keys marked with underscores; ``no`` changes nothing."""

    sentence: str
    consequence: str
    yes: str
    no: str


@dataclass(frozen=True)
class ShownTraining:
    """The page's state; empty texts are not shown. ``pictures`` says what the training learns from; ``before`` and
    ``after`` are its preview, and ``waiting`` is shown while there is none. ``share`` (0 to 1) is None while unknown.
    ``doing`` says which request is running, or how a translation is going."""

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
    buttons: TrainingButtons


class TrainingPagePresenter:
    """``ask`` asks the artist a question and returns whether the answer is yes; ``translate`` is called with a filter
    that is ready and what it was made from."""

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
        """Returns the page's state. ``busy`` is True while layers are translated; ``translation`` describes the one
        that uses this training's filter, and is empty if there is none."""
        seen, job = self._trainings.seen, self._trainings.seen.job
        return ShownTraining(
            pictures=words.pictures_line(job) if job else "",
            before=seen.original,
            after=seen.preview,
            waiting=words.preview_line(job),
            going=job is not None and not words.ended(job),
            share=words.fraction(job) if job else None,
            state=words.state_line(job) if job else _("Looking for the training…"),
            losses=words.losses_line(job) if job else "",
            warnings="\n".join(job.warnings) if job else "",
            log="\n".join(seen.log) if seen.is_in(TrainingState.FAILED) else "",
            doing=words.doing_line(self._trainings.doing) or translation,
            buttons=buttons_of(self._trainings, busy=busy),
        )

    @property
    def time(self) -> str:
        """How long the training takes, counting on between reports; empty while its state is not known."""
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
        """Cancels the training once the artist has confirmed it."""
        question = Question(
            _("Cancel this training?"),
            _("What it has learned stays on the server, and it can be resumed."),
            _("_Cancel training"),
            _("_Keep training"),
        )
        if self._ask(question):
            self._trainings.cancel()

    def delete(self) -> None:
        """Deletes the training once the artist has confirmed it."""
        question = Question(
            _("Delete this training and its files from the server?"),
            _("A filter that was made of it stays."),
            _("_Delete"),
            _("_Cancel"),
        )
        if self._ask(question):
            self._trainings.delete()
