"""Layers that are kept between sweeps: in memory, or in a temporary file."""

from __future__ import annotations

import contextlib
import mmap
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.engine.pieces.areas import Area
from server.engine.pieces.layout import CHANNELS_FIRST, Layout
from server.engine.pieces.network import Size

Array = NDArray[Any]


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


class MemoryStore:
    """In memory. What is dropped goes back to the system row by row, where it takes that; if ``recycles``, it serves
    for the next layer of its size instead, which saves time and takes twice the memory."""

    def __init__(self, layout: Layout, kind: np.dtype[Any], *, recycles: bool = False) -> None:
        self._layout = layout
        self._kind = kind
        self._recycles = recycles
        self._layers: dict[str, tuple[Size, mmap.mmap]] = {}
        self._dropped: dict[str, int] = {}
        self._spare: list[mmap.mmap] = []

    def open(self, name: str, size: Size) -> None:
        self._layers[name], self._dropped[name] = (size, self._memory(size.values * self._kind.itemsize)), 0

    def read(self, name: str, area: Area) -> Array:
        return np.ascontiguousarray(self._part(name, area))

    def place(self, name: str, area: Area) -> Array | None:
        part = self._part(name, area)
        return part if part.flags.c_contiguous else None

    def write(self, name: str, area: Area, values: Array) -> None:
        self._part(name, area)[...] = values

    def drop(self, name: str, before: int | None = None) -> None:
        size, memory = self._layers[name]
        if before is None:
            del self._layers[name], self._dropped[name]
            self._spare = [memory] if self._recycles else []
        if before is None or self._recycles:
            return
        row = size.width * self._kind.itemsize * (size.channels if self._layout.height == 1 else 1)
        planes = 1 if self._layout.height == 1 else size.channels
        for plane in range(planes):
            begin = plane * size.height * row
            _advise(memory, "MADV_DONTNEED", begin + self._dropped[name] * row, begin + before * row)
        self._dropped[name] = max(before, self._dropped[name])

    def close(self) -> None:
        self._layers.clear()
        self._spare.clear()

    def _memory(self, size: int) -> mmap.mmap:
        if self._spare and len(self._spare[0]) == size:
            return self._spare.pop()
        self._spare.clear()
        memory = _private(size)
        if self._layout is not CHANNELS_FIRST:  # of which every row touches the memory everywhere
            _advise(memory, "MADV_HUGEPAGE")  # else the system gives it out 4 KiB at a time
        return memory

    def _part(self, name: str, area: Area) -> Array:
        size, memory = self._layers[name]
        whole = np.ndarray(self._layout.shape(size.channels, size.height, size.width), self._kind, memory)
        return whole[_index(self._layout, slice(area.rows.start, area.rows.stop), area)]


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


def _index(layout: Layout, rows: slice, area: Area) -> tuple[slice, ...]:
    index = [slice(None)] * 4
    index[layout.height], index[layout.width] = rows, slice(area.columns.start, area.columns.stop)
    return tuple(index)


def _private(size: int) -> mmap.mmap:
    """Python's own way is to share it with child processes; such memory does not go back by advice."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _advise(memory: mmap.mmap, advice: str, start: int = 0, stop: int | None = None) -> None:
    """About the whole pages within; nothing on systems that take no such advice."""
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    last = (len(memory) if stop is None else stop) // mmap.PAGESIZE * mmap.PAGESIZE
    if last > first and hasattr(mmap, advice):
        with contextlib.suppress(OSError):
            memory.madvise(getattr(mmap, advice), first, last - first)
