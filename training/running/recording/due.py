"""Decides when something is to be written."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.running.recording.pace import Pace


@dataclass(frozen=True)
class Moment:
    """The moment after a step of ``batch`` images, which ``images_seen`` includes. ``stopped``: the run was asked to
    stop; ``ended``: it is at its end."""

    images_seen: int
    batch: int
    stopped: bool = False
    ended: bool = False

    @property
    def is_last(self) -> bool:
        """Whether no step follows for now."""
        return self.stopped or self.ended

    def passes(self, every: int) -> bool:
        """Returns whether this step has reached another multiple of ``every`` images."""
        return self.images_seen // every > (self.images_seen - self.batch) // every


@dataclass(frozen=True)
class Due:
    """Due by ``pace`` if that has seconds, else after every ``every`` images, and always at the end of the run.

    With ``when_stopped`` also whenever the run is stopped.
    """

    every: int
    pace: Pace = field(default_factory=lambda: Pace(0))
    when_stopped: bool = False

    def at(self, moment: Moment) -> bool:
        """Returns whether it is to be written now."""
        if moment.ended or (moment.stopped and self.when_stopped):
            return True
        if self.pace.seconds:  # it may take long, so it is not begun while somebody waits for the run to stop
            return self.pace.due and not moment.stopped
        return moment.passes(self.every)
