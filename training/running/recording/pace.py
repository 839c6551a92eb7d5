"""Decides when something is due by the clock. Nothing here affects what is computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]

REST = 9.0  # the shortest pause, in units of what it took: it then costs at most a tenth of the time
THINNING = 0.15  # the shortest pause, as a share of the time so far: 15 minutes hold about 30, ten hours about 60


class Pace:
    """Says when something is due: every ``seconds``, less often if it takes long, and never if they are 0.

    With ``thinning`` it is due at once, and then less and less often as time goes by.
    """

    def __init__(self, seconds: float, *, thinning: bool = False, clock: Clock = time.monotonic) -> None:
        self.seconds, self._thinning, self._clock = seconds, thinning, clock
        self._began = clock()
        self._next = self._began + (0.0 if thinning else seconds)
        self.first = seconds > 0 and thinning  # until the first one, which is due at once, is done

    @property
    def due(self) -> bool:
        """Whether its time has come."""
        return self.seconds > 0 and self._clock() >= self._next

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measures how long the block takes, in which the work that was due is done."""
        start = self._clock()
        yield
        now = self._clock()
        self.first = False
        rare = THINNING * (now - self._began) if self._thinning else 0.0
        self._next = now + max(self.seconds, REST * (now - start), rare)


class TimeLeft:
    """Estimates how long the rest of a run takes, leaving out the first step, which also compiles and warms up."""

    def __init__(self, images: int, total: int, *, clock: Clock = time.monotonic) -> None:
        self._total, self._clock = total, clock
        self._began, self._images = clock(), images
        self._first: float | None = None  # seconds per image of the first step

    def stepped(self, images: int) -> None:
        """Takes the number of images seen; to be called after every step."""
        if self._first is None:
            now = self._clock()
            self._first = (now - self._began) / (images - self._images)
            self._began, self._images = now, images

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves out the time of the block, in which no training is done."""
        start = self._clock()
        yield
        self._began += self._clock() - start

    def seconds(self, images: int) -> float:
        """Returns the seconds to the end of the run, once ``images`` have been seen."""
        since = images - self._images
        each = (self._clock() - self._began) / since if since else self._first or 0.0
        return max(0.0, each * (self._total - images))
