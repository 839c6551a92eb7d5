"""How far a computation is, and how long it will take."""

from __future__ import annotations

from server.engine.pace import Pace

MOST_FRACTION = 0.99  # nothing is done before it is done, whatever was foretold


class Forecast:
    """Foretells one picture of ``pixels`` pixels that is computed in ``pieces``: by the time that its pieces took, and
    before the first has ended by the filter's ``pace``. Times are in seconds, on a clock of the caller's."""

    def __init__(self, pace: Pace, pixels: int, pieces: int) -> None:
        self._pace = pace
        self._pixels = pixels
        self._told = 0.0
        self._since: float | None = None  # a piece is being computed
        self.compute_seconds = 0.0
        self.restart(pieces)

    def restart(self, pieces: int) -> None:
        """The computation begins anew, in another number of pieces."""
        self._pieces = pieces
        self._seconds = 0.0  # since it began
        self.done = 0.0
        self._foretold = self._pace.seconds_for(self._pixels, whole=pieces == 1)

    def piece_begins(self, now: float) -> None:
        """The device starts on the next piece."""
        self._since = now

    def piece_ends(self, now: float, done: float) -> None:
        """The device is free again; ``done`` is the share of the work that is done by now."""
        assert self._since is not None
        self.compute_seconds += now - self._since
        self._seconds += now - self._since
        self._since = None
        self.done = done

    def learn(self, pictures: int) -> None:
        """Teaches the filter's pace, at the end; ``pictures`` is how many were computed together."""
        self._pace.learn(self._pixels * pictures, self._seconds, whole=self._pieces == 1)

    def fraction(self, now: float) -> float | None:
        """The share of the work that is done, never less than before; within a piece by time. None when nothing is
        known to tell it by."""
        if (total := self._total) is None:
            return None
        running = min(self._running(now) / total, 1 / self._pieces) if total else 0.0
        self._told = max(self._told, min(self.done + running, MOST_FRACTION))
        return self._told

    def own_seconds_left(self, now: float) -> float | None:
        """Seconds of device time that this picture still needs. None when nothing is known to tell it by."""
        if (total := self._total) is None:
            return None
        return max(total * (1 - self.done) - self._running(now), 0.0)

    @property
    def is_whole_run(self) -> bool:
        """Whether the device computes the whole picture now, in one piece."""
        return self._since is not None and self._pieces == 1

    @property
    def _total(self) -> float | None:
        return self._seconds / self.done if self.done else self._foretold

    def _running(self, now: float) -> float:
        return now - self._since if self._since is not None else 0.0
