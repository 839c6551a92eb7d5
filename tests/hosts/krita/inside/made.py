"""Pixels and colour spaces that the scenarios begin with."""

from __future__ import annotations

import random
import struct

WIDTH, HEIGHT = 37, 23
SRGB, LINEAR, GREY = "sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V2-g10.icc", "Gray-D50-elle-V2-srgbtrc.icc"
WIDE = "ClayRGB-elle-V2-g22.icc"
SPACES = [
    *(("RGBA", depth, profile) for depth in ("U8", "U16", "F16", "F32") for profile in (SRGB, LINEAR, WIDE)),
    *(("GRAYA", depth, GREY) for depth in ("U8", "U16", "F16", "F32")),
    ("GRAYA", "U16", "Gray-D50-elle-V2-g10.icc"),
    ("GRAYA", "U8", "Gray-D50-elle-V2-g22.icc"),
]
_RANGE = {"U8": ("B", 255), "U16": ("H", 65535), "F16": ("e", 1.0), "F32": ("f", 1.0)}


def samples(model: str, depth: str, count: int, low: float = 0.0, high: float = 1.0) -> bytes:
    """Random colours; alpha 0, half and full take turns."""
    code, full = _RANGE[depth]
    chance = random.Random(7)
    channels = 4 if model == "RGBA" else 2
    values: list[float] = []
    for number in range(count):
        values += [chance.uniform(low, high) * full for _ in range(channels - 1)]
        values.append((0, 0.5, 1, 1)[number % 4] * full)
    exact = values if code in "ef" else [round(value) for value in values]
    return struct.pack(f"<{len(exact)}{code}", *exact)
