"""How much memory onnxruntime's arena takes from the system for what is allocated in it and freed again.

It never moves a value, so room is lost between values that live long. Rules of ``bfc_arena.cc``: regions are asked of
the system, each twice as large as the one before or as large as is needed; a request gets the smallest free chunk that
does, which is split where enough is left of it; neighbours that are free are joined. Memory of a region that was never
written to does not count: the system has not given it out yet.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

_ROUNDED = 256
_FIRST_REGION = 2 << 20
_LARGEST_STEP = 1 << 30
# A chunk is split where at least this much of it would be lost otherwise, or half of it.
_MOST_LOST = 128 << 20


@dataclass
class _Region:
    size: int
    touched: int = 0  # from its start on


@dataclass
class Arena:
    """An arena that is empty at first; ``taken`` are the bytes that it has taken from the system so far."""

    taken: int = 0
    _growth: int = _FIRST_REGION
    _regions: list[_Region] = field(default_factory=list)
    _free: list[tuple[int, int, int]] = field(default_factory=list)  # size, region, start; sorted
    _starts: dict[tuple[int, int], int] = field(default_factory=dict)  # sizes of free chunks, by region and start
    _ends: dict[tuple[int, int], int] = field(default_factory=dict)  # their starts, by region and end

    def allocate(self, size: int) -> tuple[int, int, int]:
        """The chunk for a value: its region, start and size, which are given back to ``free``."""
        rounded = -(-max(size, 1) // _ROUNDED) * _ROUNDED
        chunk = next((one for one in self._free if one[0] >= rounded), None) or self._extend(rounded)
        have, region, start = chunk
        self._remove(chunk)
        if have >= 2 * rounded or have - rounded >= _MOST_LOST:
            self._add(region, start + rounded, have - rounded)
            have = rounded
        known = self._regions[region]
        self.taken += max(start + rounded - known.touched, 0)
        known.touched = max(known.touched, start + rounded)
        return region, start, have

    def free(self, chunk: tuple[int, int, int]) -> None:
        """Takes a chunk back."""
        region, start, size = chunk
        if (after := self._starts.get((region, start + size))) is not None:
            self._remove((after, region, start + size))
            size += after
        if (before := self._ends.get((region, start))) is not None:
            self._remove((start - before, region, before))
            start, size = before, size + start - before
        self._add(region, start, size)

    def _extend(self, rounded: int) -> tuple[int, int, int]:
        is_larger = self._growth < rounded
        while self._growth < rounded:
            self._growth *= 2
        size = self._growth
        if not is_larger:
            self._growth = min(2 * self._growth, _LARGEST_STEP)
        self._regions.append(_Region(size))
        self._add(len(self._regions) - 1, 0, size)
        return size, len(self._regions) - 1, 0

    def _add(self, region: int, start: int, size: int) -> None:
        insort(self._free, (size, region, start))
        self._starts[region, start] = size
        self._ends[region, start + size] = start

    def _remove(self, chunk: tuple[int, int, int]) -> None:
        size, region, start = chunk
        self._free.remove(chunk)
        del self._starts[region, start]
        del self._ends[region, start + size]
