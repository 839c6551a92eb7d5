"""What a preview shows of a layer in an editor that does not tell which part the artist sees."""

from __future__ import annotations

from dataclasses import dataclass

from .area import Area

DETAIL_MARGIN = 64  # pixels that a filter sees around a detail; more of them take longer than they tell


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
