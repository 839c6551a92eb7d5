"""What a preview shows of a layer, in an editor that does not say which part of it is visible."""

from __future__ import annotations

from dataclasses import dataclass

from .area import Area

DETAIL_MARGIN = 64  # pixels that a filter sees around a detail; more would take longer than they are worth


@dataclass(frozen=True)
class Frame:
    """The area that a preview shows, and the one that is translated for it, which may be larger; both in the
    coordinates of a drawable that is scaled by ``scale``."""

    scale: float
    shown: Area
    sent: Area
    whole: bool  # whether all of the source is shown


def whole_frame(source: Area, longest: int) -> Frame:
    """Returns all of the source (a part of a drawable), scaled to at most ``longest`` pixels in width and height."""
    scale = min(1.0, longest / max(source.width, source.height))
    width, height = (max(1, round(length * scale)) for length in (source.width, source.height))
    shown = Area(round(source.x * scale), round(source.y * scale), width, height)
    return Frame(scale, shown, shown, True)


def detail_frame(source: Area, drawable: tuple[int, int], side: int, centre: tuple[int, int] | None) -> Frame:
    """Returns at most ``side`` x ``side`` unscaled pixels of the source, around ``centre`` (None: the source's middle)
    or as near to it as the source's edges allow."""
    width, height = min(side, source.width), min(side, source.height)
    x, y = centre or (source.x + source.width // 2, source.y + source.height // 2)
    left = min(max(x - width // 2, source.x), source.right - width)
    top = min(max(y - height // 2, source.y), source.bottom - height)
    shown = Area(left, top, width, height)
    sent = shown.grown(DETAIL_MARGIN).within(*drawable) or shown
    return Frame(1.0, shown, sent, shown == source)
