"""How a result lies on what is below it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """``opacity`` of the new layer, 0 to 100 per cent, and whether the lightness of what is below is kept."""

    opacity: float = 100.0
    keep_luminance: bool = False
