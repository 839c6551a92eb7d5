"""How fast a filter is on its device, learned from what it did."""

from __future__ import annotations

# Smaller pictures take about as long as one of this size.
_SMALLEST = 256 * 256


class Pace:
    """One filter's seconds for a pixel, for pictures computed whole and for those in pieces. Time grows with the number
    of pixels; what small pictures take says nothing of large ones."""

    def __init__(self) -> None:
        self._seconds_per_pixel: dict[bool, float] = {}

    def learn(self, pixels: int, seconds: float, *, whole: bool) -> None:
        """Notes that this many pixels took this long; nothing where they are too few to tell."""
        if pixels >= _SMALLEST:
            self._seconds_per_pixel[whole] = seconds / pixels

    def seconds_for(self, pixels: int, *, whole: bool) -> float | None:
        """How long a picture will take; None until one large enough to tell was computed."""
        if whole not in self._seconds_per_pixel:
            return None
        return self._seconds_per_pixel[whole] * max(pixels, _SMALLEST)

    def pixels_in(self, seconds: float, *, unknown: int) -> int:
        """How many pixels of small pictures, which are computed whole, take this time; ``unknown`` until one large
        enough to tell was computed."""
        if True not in self._seconds_per_pixel:
            return unknown
        return max(int(seconds / self._seconds_per_pixel[True]), _SMALLEST)
