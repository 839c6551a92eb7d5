"""How much of a picture is stored at once on a GPU, by the memory that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.engine.fused.band_division import BandDivision, Sizes, can_be_recomputed
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.placement import place_buffers
from server.engine.fused.steps import Step

# Bands of so many bytes keep a GPU busy; smaller ones are for those with little memory.
BAND_BYTES = (256 << 20, 64 << 20)

# What cuDNN needs beside, at most.
WORKSPACE = 64 << 20


@dataclass(frozen=True)
class FusedPlan:
    """``recomputed`` names what is not stored, bands have ``band_bytes``, and a picture takes ``memory_bytes`` on the
    GPU, at most."""

    recomputed: frozenset[str]
    band_bytes: int
    memory_bytes: int

    def division(self, steps: Sequence[Step], sizes: Sizes, itemsize: int) -> BandDivision:
        return BandDivision(steps, sizes, itemsize, recomputed=self.recomputed, band_bytes=self.band_bytes)


def plan_within(
    memory: int, steps: Sequence[Step], sizes: Sizes, itemsize: int, layout: PictureLayout
) -> FusedPlan | None:
    """Within so many bytes; None where no plan is. As much as possible is stored, the largest first to be not."""

    def plan(recomputed: frozenset[str], band_bytes: int) -> FusedPlan:
        division = BandDivision(steps, sizes, itemsize, recomputed=recomputed, band_bytes=band_bytes)
        return FusedPlan(recomputed, band_bytes, place_buffers(division.lifetimes(layout)).size + WORKSPACE)

    candidates = sorted(can_be_recomputed(steps), key=lambda name: sizes[name].values)
    for band_bytes in BAND_BYTES:
        found, left = plan(frozenset(), band_bytes), list(candidates)
        while found.memory_bytes > memory and left:
            found = plan(found.recomputed | {left.pop()}, band_bytes)
        if found.memory_bytes > memory:
            continue
        for name in filter(found.recomputed.__contains__, candidates):
            without = plan(found.recomputed - {name}, band_bytes)
            found = without if without.memory_bytes <= memory else found
        return found
    return None
