"""When, by the clock, something is due. None of it decides what is computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]

REST = 9.0  # times as long as it took, nothing is due: it then costs a tenth of the time at most
THINNING = 0.15  # of the time so far passes in between: 15 minutes hold about 30, ten hours about 60


class Pace:
    """What is due every ``seconds``, never if they are 0, and less often where it takes long.

    ``thinning``: first at once, and ever less often as time goes by.
    """

    def __init__(self, seconds: float, *, thinning: bool = False, clock: Clock = time.monotonic) -> None:
        self.seconds, self._thinning, self._clock = seconds, thinning, clock
        self._began = clock()
        self._next = self._began + (0.0 if thinning else seconds)
        self.first = seconds > 0 and thinning  # what is done at once is due

    @property
    def due(self) -> bool:
        return self.seconds > 0 and self._clock() >= self._next

    @contextmanager
    def measured(self) -> Iterator[None]:
        """It is done within the block."""
        start = self._clock()
        yield
        now = self._clock()
        self.first = False
        rare = THINNING * (now - self._began) if self._thinning else 0.0
        self._next = now + max(self.seconds, REST * (now - start), rare)


class TimeLeft:
    """How long the rest of a run takes, by its pace since the first step, which also compiles and warms up."""

    def __init__(self, images: int, total: int, *, clock: Clock = time.monotonic) -> None:
        self._total, self._clock = total, clock
        self._began, self._images = clock(), images
        self._first: float | None = None  # seconds per image of the first step

    def stepped(self, images: int) -> None:
        """After every step."""
        if self._first is None:
            now = self._clock()
            self._first = (now - self._began) / (images - self._images)
            self._began, self._images = now, images

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within the block, what is no training is done."""
        start = self._clock()
        yield
        self._began += self._clock() - start

    def seconds(self, images: int) -> float:
        """To the end, after ``images``."""
        since = images - self._images
        each = (self._clock() - self._began) / since if since else self._first or 0.0
        return max(0.0, each * (self._total - images))
