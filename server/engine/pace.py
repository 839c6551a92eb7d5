"""How fast a filter is on its device, learned from what it did."""

from __future__ import annotations

# Smaller pictures take about as long as one of this size.
_SMALLEST = 256 * 256


class Pace:
    """Of one filter. Time grows with the number of pixels; what small pictures take says nothing of large ones."""

    def __init__(self) -> None:
        self._seconds_per_pixel: float | None = None

    def learn(self, pixels: int, seconds: float) -> None:
        if pixels >= _SMALLEST:
            self._seconds_per_pixel = seconds / pixels

    def seconds_for(self, pixels: int) -> float | None:
        """How long a picture will take; None until one of some size was seen."""
        if self._seconds_per_pixel is None:
            return None
        return self._seconds_per_pixel * max(pixels, _SMALLEST)
