"""Which of a picture's buffers are stored on a GPU, by the memory that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.engine.fused.band_division import BandDivision, Sizes
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.placement import place_buffers
from server.engine.fused.recomputing import can_be_recomputed
from server.engine.fused.steps import Step

# Bands of this size keep a GPU busy; the smaller ones are for GPUs with little memory.
BAND_BYTES = (256 << 20, 64 << 20)

# The most that cuDNN needs besides.
WORKSPACE = 64 << 20


@dataclass(frozen=True)
class FusedPlan:
    """The buffers in ``recomputed`` are not stored, bands have about ``band_bytes``, and a picture takes at most
    ``memory_bytes`` on the GPU."""

    recomputed: frozenset[str]
    band_bytes: int
    memory_bytes: int

    def division(self, steps: Sequence[Step], sizes: Sizes, itemsize: int) -> BandDivision:
        """The division into bands by this plan, for layers of these sizes and values of ``itemsize`` bytes."""
        return BandDivision(steps, sizes, itemsize, recomputed=self.recomputed, band_bytes=self.band_bytes)


def plan_within(
    memory: int, steps: Sequence[Step], sizes: Sizes, itemsize: int, layout: PictureLayout
) -> FusedPlan | None:
    """The plan that stores most within ``memory`` bytes, None where no plan fits. Where not everything fits, the
    largest buffers are the first that are not stored."""

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
