"""Layers that are stored in memory between sweeps."""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.tiled.areas import Area
from server.engine.tiled.layer_store import rows_index
from server.engine.tiled.layout import CHANNELS_FIRST, Layout

SEGMENTS = 64
"""In how many segments of rows a layer is allocated, unless memory is recycled."""


@dataclass
class _Layer:
    """A layer in segments of ``rows`` rows; ``segments`` has those that were written to, by number."""

    size: Size
    rows: int
    segments: dict[int, mmap.mmap] = field(default_factory=dict)


class MemoryStore:
    """A LayerStore in memory: allocated a sixty-fourth of a layer at a time or, if it ``recycles``, a whole layer at a
    time, which takes twice the memory.

    Memory of what was dropped serves for what comes next, if that needs the same size; otherwise it goes back to the
    system before more is asked for. Writing to memory that the system has to clear first takes twice as long.
    """

    def __init__(self, layout: Layout, kind: np.dtype[Any], *, recycles: bool = False) -> None:
        self._layout = layout
        self._kind = kind
        self._recycles = recycles
        self._layers: dict[str, _Layer] = {}
        self._spare: dict[int, list[mmap.mmap]] = {}  # by size in bytes

    def open(self, name: str, size: Size) -> None:
        """See LayerStore."""
        self._layers[name] = _Layer(size, -(-size.height // (1 if self._recycles else SEGMENTS)))

    def read(self, name: str, area: Area) -> Array:
        """See LayerStore."""
        view = self.writable_view(name, area)
        if view is not None:
            return view
        found = np.empty(self._layout.shape(self._layers[name].size.channels, *area.shape), self._kind)
        for part, rows in self._parts(name, area):
            found[rows_index(self._layout, rows)] = part
        return found

    def writable_view(self, name: str, area: Area) -> Array | None:
        """See LayerStore."""
        (first, _), *others = self._parts(name, area)
        return None if others or not first.flags.c_contiguous else first

    def write(self, name: str, area: Area, values: Array) -> None:
        """See LayerStore. Raises MemoryError."""
        for part, rows in self._parts(name, area):
            part[...] = values[rows_index(self._layout, rows)]

    def drop(self, name: str, before: int | None = None) -> None:
        """See LayerStore. Rows go when all of their segment does."""
        layer = self._layers[name]
        last = before // layer.rows if before is not None and not self._recycles else 0
        for number in [number for number in layer.segments if number < last or before is None]:
            segment = layer.segments.pop(number)
            self._spare.setdefault(len(segment), []).append(segment)
        if before is None:
            del self._layers[name]

    def close(self) -> None:
        """See LayerStore."""
        self._layers.clear()
        self._spare.clear()

    def _parts(self, name: str, area: Area) -> Iterator[tuple[Array, slice]]:
        """The area's part in each segment that it lies in, and which of the area's rows those are."""
        layer, start, stop = self._layers[name], area.rows.start, area.rows.stop
        columns = slice(area.columns.start, area.columns.stop)
        for number in range(start // layer.rows, -(-stop // layer.rows)):
            top = number * layer.rows
            first, last = max(start, top), min(stop, top + layer.rows)
            index = rows_index(self._layout, slice(first - top, last - top), columns)
            yield self._segment(layer, number)[index], slice(first - start, last - start)

    def _segment(self, layer: _Layer, number: int) -> Array:
        shape = self._layout.shape(layer.size.channels, layer.rows, layer.size.width)
        if number not in layer.segments:
            layer.segments[number] = self._memory(math.prod(shape) * self._kind.itemsize)
        return np.ndarray(shape, self._kind, layer.segments[number])

    def _memory(self, size: int) -> mmap.mmap:
        if self._spare.get(size):
            return self._spare[size].pop()
        self._spare.clear()
        memory = _private_memory(size)
        if self._layout is not CHANNELS_FIRST and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                memory.madvise(mmap.MADV_HUGEPAGE)  # otherwise the system gives it out 4 KiB at a time
        return memory


def _private_memory(size: int) -> mmap.mmap:
    """``size`` bytes for this process alone; Python's default is to share them with child processes, for which the
    system gives out small pages only. Raises MemoryError."""
    try:
        if not hasattr(mmap, "MAP_PRIVATE"):
            return mmap.mmap(-1, size)
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"The system gives out no {size} bytes.") from error
