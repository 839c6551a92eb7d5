"""The colour spaces that the scenario ``every_space`` goes through."""

from __future__ import annotations

SPACES = [
    *(
        f"RGBA {depth} {profile}"
        for depth in ("U8", "U16", "F16", "F32")
        for profile in ("sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V2-g10.icc", "ClayRGB-elle-V2-g22.icc")
    ),
    *(f"GRAYA {depth} Gray-D50-elle-V2-srgbtrc.icc" for depth in ("U8", "U16", "F16", "F32")),
    "GRAYA U16 Gray-D50-elle-V2-g10.icc",
    "GRAYA U8 Gray-D50-elle-V2-g22.icc",
]
