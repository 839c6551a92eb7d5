"""Layers that are kept between sweeps: in memory, or in a temporary file."""

from __future__ import annotations

import contextlib
import math
import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.engine.network.network import Size
from server.engine.tiled.areas import Area
from server.engine.tiled.layout import CHANNELS_FIRST, Layout

Array = NDArray[Any]

SEGMENTS = 64


class Store(Protocol):
    """Layers by name."""

    def open(self, name: str, size: Size) -> None:
        """A new one."""

    def read(self, name: str, area: Area) -> Array:
        """Not for writing to."""

    def place(self, name: str, area: Area) -> Array | None:
        """Where this part of the layer lies, to be written to; None where it does not lie in one run of memory."""

    def write(self, name: str, area: Area, values: Array) -> None: ...

    def drop(self, name: str, before: int | None = None) -> None:
        """Forgets the rows ``before`` this one, or the whole layer."""

    def close(self) -> None: ...


@dataclass
class _Layer:
    """In segments of so many rows, by number, once they were written to."""

    size: Size
    rows: int
    segments: dict[int, mmap.mmap] = field(default_factory=dict)


class MemoryStore:
    """In memory, a sixty-fourth of a layer at a time or, if it ``recycles``, a whole one, which takes twice the memory.

    What is dropped serves for what comes next, if that is of the same size, and else goes back to the system before
    more is asked for: to write to memory that the system has to clear takes twice as long.
    """

    def __init__(self, layout: Layout, kind: np.dtype[Any], *, recycles: bool = False) -> None:
        self._layout = layout
        self._kind = kind
        self._recycles = recycles
        self._layers: dict[str, _Layer] = {}
        self._spare: dict[int, list[mmap.mmap]] = {}  # by size

    def open(self, name: str, size: Size) -> None:
        self._layers[name] = _Layer(size, -(-size.height // (1 if self._recycles else SEGMENTS)))

    def read(self, name: str, area: Area) -> Array:
        place = self.place(name, area)
        if place is not None:
            return place
        found = np.empty(self._layout.shape(self._layers[name].size.channels, *area.shape), self._kind)
        for part, rows in self._parts(name, area):
            found[_rows(self._layout, rows)] = part
        return found

    def place(self, name: str, area: Area) -> Array | None:
        (first, _), *others = self._parts(name, area)
        return None if others or not first.flags.c_contiguous else first

    def write(self, name: str, area: Area, values: Array) -> None:
        for part, rows in self._parts(name, area):
            part[...] = values[_rows(self._layout, rows)]

    def drop(self, name: str, before: int | None = None) -> None:
        layer = self._layers[name]
        last = before // layer.rows if before is not None and not self._recycles else 0
        for number in [number for number in layer.segments if number < last or before is None]:
            segment = layer.segments.pop(number)
            self._spare.setdefault(len(segment), []).append(segment)
        if before is None:
            del self._layers[name]

    def close(self) -> None:
        self._layers.clear()
        self._spare.clear()

    def _parts(self, name: str, area: Area) -> Iterator[tuple[Array, slice]]:
        """The area in each segment, and which of the area's rows that is."""
        layer, start, stop = self._layers[name], area.rows.start, area.rows.stop
        for number in range(start // layer.rows, -(-stop // layer.rows)):
            top = number * layer.rows
            first, last = max(start, top), min(stop, top + layer.rows)
            rows = _rows(self._layout, slice(first - top, last - top), slice(area.columns.start, area.columns.stop))
            yield self._segment(layer, number)[rows], slice(first - start, last - start)

    def _segment(self, layer: _Layer, number: int) -> Array:
        shape = self._layout.shape(layer.size.channels, layer.rows, layer.size.width)
        if number not in layer.segments:
            layer.segments[number] = self._memory(math.prod(shape) * self._kind.itemsize)
        return np.ndarray(shape, self._kind, layer.segments[number])

    def _memory(self, size: int) -> mmap.mmap:
        if self._spare.get(size):
            return self._spare[size].pop()
        self._spare.clear()
        memory = _private(size)
        if self._layout is not CHANNELS_FIRST and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                memory.madvise(mmap.MADV_HUGEPAGE)  # else the system gives it out 4 KiB at a time
        return memory


class FileStore:
    """In files without a name, one for each layer, row by row; the system removes them when they are closed. Raises
    OSError where there is no room."""

    def __init__(self, layout: Layout, kind: np.dtype[Any], folder: str | None = None) -> None:
        self._layout = layout
        self._kind = kind
        self._folder = folder
        self._layers: dict[str, tuple[Size, IO[bytes]]] = {}

    def open(self, name: str, size: Size) -> None:
        file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - it is closed when the layer goes
        self._layers[name] = size, file

    def read(self, name: str, area: Area) -> Array:
        size, file = self._layers[name]
        found = np.empty((area.rows.length, *self._row(size, area.columns.length)), self._kind)
        for offset, run in self._runs(size, area, found):
            file.seek(offset)
            if file.readinto(run) != len(run):  # type: ignore[attr-defined]
                raise OSError("A temporary file is shorter than what was written.")
        values = found if self._layout is not CHANNELS_FIRST else found.transpose(1, 0, 2)
        return np.ascontiguousarray(values[None])

    def place(self, name: str, area: Area) -> Array | None:
        return None

    def write(self, name: str, area: Area, values: Array) -> None:
        size, file = self._layers[name]
        by_rows = values[0] if self._layout is not CHANNELS_FIRST else values[0].transpose(1, 0, 2)
        for offset, run in self._runs(size, area, np.ascontiguousarray(by_rows, self._kind)):
            file.seek(offset)
            while run:
                run = run[file.write(run) :]

    def drop(self, name: str, before: int | None = None) -> None:
        if before is None:
            _, file = self._layers.pop(name)
            file.close()

    def close(self) -> None:
        for _, file in self._layers.values():
            file.close()
        self._layers.clear()

    def _row(self, size: Size, width: int) -> tuple[int, int]:
        return (width, size.channels) if self._layout is not CHANNELS_FIRST else (size.channels, width)

    def _runs(self, size: Size, area: Area, values: Array) -> Iterator[tuple[int, memoryview]]:
        """Where in the file each part of the values lies that is in one run there."""
        item, left = self._kind.itemsize, area.columns.start
        row = size.width * size.channels * item
        if area.columns.length == size.width:
            yield area.rows.start * row, values.data.cast("B")
            return
        for number, of_row in enumerate(values, area.rows.start):
            if self._layout is not CHANNELS_FIRST:
                yield number * row + left * size.channels * item, of_row.data.cast("B")
                continue
            for channel, run in enumerate(of_row):
                yield number * row + (channel * size.width + left) * item, run.data.cast("B")


def _rows(layout: Layout, rows: slice, columns: slice = slice(None)) -> tuple[slice, ...]:
    index = [slice(None)] * 4
    index[layout.height], index[layout.width] = rows, columns
    return tuple(index)


def _private(size: int) -> mmap.mmap:
    """Python's own way is to share it with child processes, and the system gives that out in small pages only. Raises
    MemoryError."""
    try:
        if not hasattr(mmap, "MAP_PRIVATE"):
            return mmap.mmap(-1, size)
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"The system gives out no {size} bytes.") from error
