"""Rectangles of pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """A rectangle in the coordinates of a picture or a layer, in pixels; neither side is 0."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def moved(self, x: int, y: int) -> Area:
        return Area(self.x + x, self.y + y, self.width, self.height)

    def grown(self, margin: int) -> Area:
        """Returns this area with ``margin`` pixels added on every side."""
        return Area(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def common(self, other: Area) -> Area | None:
        """Returns the area that lies in both, or None."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - left, min(self.bottom, other.bottom) - top
        return Area(left, top, width, height) if width > 0 and height > 0 else None

    def joined(self, other: Area) -> Area:
        """Returns the smallest area around both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Area(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def within(self, width: int, height: int) -> Area | None:
        """Returns the part that lies on a canvas of this size, whose top left corner is 0, 0; or None."""
        return self.common(Area(0, 0, width, height))

    def bands(self, rows: int) -> list[Area]:
        """Splits this area into bands from the top, each at most ``rows`` high (1 if that is less than 1)."""
        rows = max(rows, 1)
        return [Area(self.x, y, self.width, min(rows, self.bottom - y)) for y in range(self.y, self.bottom, rows)]
