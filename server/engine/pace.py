"""How fast a filter is on its device, learned from what it did."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

# Smaller pictures take about as long as one of this size.
_SMALLEST = 256 * 256

# What is foretold for certain: from the fastest of so many pictures, for one with at most so many times their pixels,
# and not for each ninth that was foretold to take too long, so that a wrong pace is measured anew.
_REMEMBERED = 8
_COMPARABLE = 4
_TRUSTED = 8


@dataclass(frozen=True)
class _Seen:
    pixels: int
    seconds: float
    whole: bool

    def tells(self, pixels: int) -> bool:
        """Whether a picture of this many pixels is computed as this one was, or slower. What is smaller than one in
        pieces may be computed whole."""
        return (self.whole or self.pixels <= pixels) and pixels <= _COMPARABLE * self.pixels


class Pace:
    """One filter's seconds for a pixel, for pictures computed whole and for those in pieces. Time grows with the number
    of pixels; what small pictures take says nothing of large ones."""

    def __init__(self) -> None:
        self._seconds_per_pixel: dict[bool, float] = {}
        self._seen: deque[_Seen] = deque(maxlen=_REMEMBERED)
        self._doubts = 0

    def learn(self, pixels: int, seconds: float, *, whole: bool) -> None:
        """Notes that this many pixels took this long; nothing where they are too few to tell."""
        if pixels >= _SMALLEST:
            self._seconds_per_pixel[whole] = seconds / pixels
            self._seen.append(_Seen(pixels, seconds, whole))
            self._doubts = 0

    def seconds_for(self, pixels: int, *, whole: bool) -> float | None:
        """How long a picture will take; None until one large enough to tell was computed."""
        if whole not in self._seconds_per_pixel:
            return None
        return self._seconds_per_pixel[whole] * max(pixels, _SMALLEST)

    def least_seconds_for(self, pixels: int) -> float | None:
        """How long a picture will take at least, by the fastest of late; None where none of about this size was
        computed."""
        return min((seen.seconds / seen.pixels * pixels for seen in self._seen if seen.tells(pixels)), default=None)

    def doubt(self) -> bool:
        """Notes that a picture was foretold to take too long. Returns whether it shall be tried all the same."""
        self._doubts = (self._doubts + 1) % (_TRUSTED + 1)
        return not self._doubts

    def pixels_in(self, seconds: float, *, unknown: int) -> int:
        """How many pixels of small pictures, which are computed whole, take this time; ``unknown`` until one large
        enough to tell was computed."""
        if True not in self._seconds_per_pixel:
            return unknown
        return max(int(seconds / self._seconds_per_pixel[True]), _SMALLEST)
