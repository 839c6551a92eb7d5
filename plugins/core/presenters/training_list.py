"""The list of trainings to choose from: first a new one, whose identifier is empty, then the server's."""

from __future__ import annotations

from collections.abc import Callable

from .. import training_words as words
from ..texts import _
from ..training import Trainings


class TrainingListPresenter:
    """``entries`` are pairs of identifier and shown line; ``follow`` is called with the one that the artist chooses."""

    def __init__(self, trainings: Trainings, follow: Callable[[str], None]) -> None:
        self.entries: list[tuple[str, str]] = []
        self._trainings = trainings
        self._follow = follow

    @property
    def followed(self) -> str:
        """The followed training's identifier; empty for the new one."""
        return self._trainings.followed

    def refresh(self) -> bool:
        """Updates ``entries``; returns whether the identifiers or their order have changed. If not, only lines may have
        changed: the editor should change them in place, since the artist may be pointing at one."""
        before, self.entries = self.entries, self._entries()
        return [one for one, _line in before] != [one for one, _line in self.entries]

    def choose(self, training_id: str) -> None:
        self._follow(training_id)

    def _entries(self) -> list[tuple[str, str]]:
        jobs = self._trainings.jobs
        entries = [("", _("New training")), *((job.id, words.list_line(job)) for job in jobs)]
        if self.followed not in [one for one, _line in entries]:
            entries.insert(1, (self.followed, _("Looking for the training…")))
        return entries
