"""Which part of a picture a preview shows, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from .area import Area

MOST_PIXELS = 512 * 512  # of a preview: an answer in about a second on a CPU


DETAIL_MARGIN = 64  # pixels that a filter sees around a detail; more of them take longer than they tell


@dataclass(frozen=True)
class Region:
    """A part of a picture, in its pixels, and the size at which it is translated."""

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
    """The visible part (x, y, width, height; all of it when None) within a picture of this width and height, scaled
    down to at most ``most_pixels``. None when nothing of the picture is visible."""
    x, y, width, height = visible or (0, 0, *picture)
    left, top = max(int(x), 0), max(int(y), 0)
    right, bottom = min(int(-(-(x + width) // 1)), picture[0]), min(int(-(-(y + height) // 1)), picture[1])
    if left >= right or top >= bottom:
        return None
    scale = min(1.0, (most_pixels / ((right - left) * (bottom - top))) ** 0.5)
    sent = (max(1, int((right - left) * scale)), max(1, int((bottom - top) * scale)))
    return Region(left, top, right - left, bottom - top, *sent)


def differs_from_the_whole(region: Region, picture: tuple[int, int]) -> bool:
    """Whether a filter may give other colours for the whole picture: its statistics are those of what it sees."""
    return region.is_scaled or (region.width, region.height) != picture


@dataclass(frozen=True)
class Frame:
    """What a preview shows, and what is translated for it, which may surround that; both in the coordinates of a
    drawable that is scaled by ``scale``."""

    scale: float
    shown: Area
    sent: Area
    whole: bool  # nothing of the source is left out


def whole_frame(source: Area, longest: int) -> Frame:
    """All of the source (a part of a drawable), scaled down to at most ``longest`` pixels in width and height."""
    scale = min(1.0, longest / max(source.width, source.height))
    width, height = (max(1, round(length * scale)) for length in (source.width, source.height))
    shown = Area(round(source.x * scale), round(source.y * scale), width, height)
    return Frame(scale, shown, shown, True)


def detail_frame(source: Area, drawable: tuple[int, int], side: int, centre: tuple[int, int] | None) -> Frame:
    """At most ``side`` x ``side`` pixels of the source at their own size, around ``centre`` (the source's middle when
    None) or as near to it as the source reaches."""
    width, height = min(side, source.width), min(side, source.height)
    x, y = centre or (source.x + source.width // 2, source.y + source.height // 2)
    left = min(max(x - width // 2, source.x), source.right - width)
    top = min(max(y - height // 2, source.y), source.bottom - height)
    shown = Area(left, top, width, height)
    sent = shown.grown(DETAIL_MARGIN).within(*drawable) or shown
    return Frame(1.0, shown, sent, shown == source)
