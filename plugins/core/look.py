"""How a result is blended with what is below it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """The ``opacity`` of the new layer, 0 to 100 per cent, and whether it keeps the lightness of what is below."""

    opacity: float = 100.0
    keep_luminance: bool = False
