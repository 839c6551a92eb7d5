"""When something is to be written."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.running.recording.pace import Pace


@dataclass(frozen=True)
class Moment:
    """A step of ``batch`` images is done, the last of ``images_seen``; the run has been stopped, or is at its end."""

    images_seen: int
    batch: int
    stopped: bool = False
    ended: bool = False

    @property
    def is_last(self) -> bool:
        """Whether no step follows for now."""
        return self.stopped or self.ended

    def passes(self, every: int) -> bool:
        """Whether this step has brought another multiple of ``every`` images."""
        return self.images_seen // every > (self.images_seen - self.batch) // every


@dataclass(frozen=True)
class Due:
    """By ``pace`` where that has seconds, else after every ``every`` images; at the end of the run in any case.

    ``when_stopped``: also when the run is stopped, whatever the step.
    """

    every: int
    pace: Pace = field(default_factory=lambda: Pace(0))
    when_stopped: bool = False

    def at(self, moment: Moment) -> bool:
        """Whether it is to be written now."""
        if moment.ended or (moment.stopped and self.when_stopped):
            return True
        if self.pace.seconds:  # what takes its time is not begun when somebody waits for the run to stop
            return self.pace.due and not moment.stopped
        return moment.passes(self.every)
