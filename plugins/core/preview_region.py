"""Which part of a picture a preview shows, and at what size, in an editor that knows what is visible."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PIXELS = 512 * 512  # of a preview; a CPU answers in about a second


@dataclass(frozen=True)
class Region:
    """A part of a picture, in the picture's pixels, and the size at which it is translated."""

    x: int
    y: int
    width: int
    height: int
    sent_width: int
    sent_height: int

    @property
    def is_scaled(self) -> bool:
        return (self.sent_width, self.sent_height) != (self.width, self.height)


def preview_region(
    picture: tuple[int, int], visible: tuple[float, float, float, float] | None, most_pixels: int = MOST_PIXELS
) -> Region | None:
    """Returns the visible part (x, y, width, height; None: all) of a picture of this width and height, scaled down to
    at most ``most_pixels``; None when nothing of the picture is visible."""
    x, y, width, height = visible or (0, 0, *picture)
    left, top = max(int(x), 0), max(int(y), 0)
    right, bottom = min(int(-(-(x + width) // 1)), picture[0]), min(int(-(-(y + height) // 1)), picture[1])
    if left >= right or top >= bottom:
        return None
    scale = min(1.0, (most_pixels / ((right - left) * (bottom - top))) ** 0.5)
    sent = (max(1, int((right - left) * scale)), max(1, int((bottom - top) * scale)))
    return Region(left, top, right - left, bottom - top, *sent)


def differs_from_the_whole(region: Region, picture: tuple[int, int]) -> bool:
    """Returns whether the whole picture may get other colours: a filter's statistics depend on what it sees."""
    return region.is_scaled or (region.width, region.height) != picture
