"""Where everything lies in one block of memory, so that what is not needed at the same time shares its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What CUDA itself keeps to, and cuDNN likes.
ALIGNMENT = 256


@dataclass(frozen=True)
class Lifetime:
    """A buffer of ``size`` bytes that is needed from the step ``first`` to the step ``last``, both included."""

    size: int
    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        """Whether there is a step that needs both."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Placement:
    """Where each buffer begins, by name: ``offsets`` in bytes into a block of ``size`` bytes."""

    offsets: Mapping[str, int]
    size: int


def place_buffers(lifetimes: Mapping[str, Lifetime]) -> Placement:
    """Places the largest buffer first, and each as low as those that are needed at the same time allow."""
    offsets: dict[str, int] = {}
    for name in sorted(lifetimes, key=lambda one: (-lifetimes[one].size, one)):
        own = lifetimes[name]
        in_the_way = [other for other in offsets if own.meets(lifetimes[other])]
        taken = sorted((offsets[other], _end(lifetimes[other], offsets[other])) for other in in_the_way)
        offset = 0
        for start, stop in taken:
            if offset + own.size <= start:
                break
            offset = max(offset, stop)
        offsets[name] = offset
    return Placement(offsets, max((_end(lifetimes[name], offset) for name, offset in offsets.items()), default=0))


def aligned(count: int) -> int:
    """``count`` rounded up to a multiple of ALIGNMENT, in bytes."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def _end(lifetime: Lifetime, offset: int) -> int:
    return aligned(offset + lifetime.size)
