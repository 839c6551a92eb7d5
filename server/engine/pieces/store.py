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

    def open(self, name: str, size: Size, rows: int) -> None:
        """A new one, which is written and dropped in about so many rows at a time."""

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

    def open(self, name: str, size: Size, rows: int) -> None:
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


class _FileBands:
    """In files without a name, one for each layer, which the system removes when they are closed. Raises OSError."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._present: set[tuple[str, int]] = set()

    def load(self, name: str, number: int, size: int) -> bytearray:
        band = bytearray(size)
        if (name, number) in self._present:
            file = self._files[name]
            file.seek(number * size)
            if file.readinto(band) != size:  # type: ignore[attr-defined]
                raise OSError("a temporary file lost what was written")
        return band

    def save(self, name: str, number: int, band: bytearray) -> None:
        if name not in self._files:
            self._files[name] = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
        file = self._files[name]
        file.seek(number * len(band))
        view = memoryview(band)
        while view:
            view = view[file.write(view) :]
        self._present.add((name, number))

    def drop(self, name: str, number: int) -> None:
        self._present.discard((name, number))
        if not any(owner == name for owner, _ in self._present):
            self._files.pop(name).close()

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._present.clear()


class FileStore:
    """In files, a layer in bands of rows."""

    def __init__(self, layout: Layout, kind: np.dtype[Any], folder: str | None = None) -> None:
        self._bands = _FileBands(folder)
        self._layout = layout
        self._kind = kind
        self._sizes: dict[str, tuple[Size, int]] = {}
        self._dropped: dict[str, int] = {}

    def open(self, name: str, size: Size, rows: int) -> None:
        self._sizes[name] = size, rows
        self._dropped[name] = 0

    def write(self, name: str, area: Area, values: Array) -> None:
        for number, within, part in self._parts(name, area):
            band, view = self._band(name, number)
            view[_index(self._layout, within, area)] = values[self._rows(part)]
            self._bands.save(name, number, band)

    def read(self, name: str, area: Area) -> Array:
        size, _ = self._sizes[name]
        values = np.empty(self._layout.shape(size.channels, *area.shape), self._kind)
        for number, within, part in self._parts(name, area):
            _, view = self._band(name, number)
            values[self._rows(part)] = view[_index(self._layout, within, area)]
        return values

    def place(self, name: str, area: Area) -> Array | None:
        return None

    def drop(self, name: str, before: int | None = None) -> None:
        size, rows = self._sizes[name]
        last = -(-size.height // rows) if before is None else before // rows
        for number in range(self._dropped[name], last):
            self._bands.drop(name, number)
        self._dropped[name] = max(self._dropped[name], last)
        if before is None:
            del self._sizes[name]

    def close(self) -> None:
        self._bands.close()

    def _parts(self, name: str, area: Area) -> Iterator[tuple[int, slice, slice]]:
        """The bands that the area touches: number, rows within the band, rows within the area."""
        _, rows = self._sizes[name]
        start, stop = area.rows.start, area.rows.stop
        for number in range(start // rows, -(-stop // rows)):
            first, last = max(start, number * rows), min(stop, (number + 1) * rows)
            yield (
                number,
                slice(first - number * rows, last - number * rows),
                slice(first - start, last - start),
            )

    def _band(self, name: str, number: int) -> tuple[bytearray, Array]:
        size, rows = self._sizes[name]
        shape = self._layout.shape(size.channels, min(rows, size.height - number * rows), size.width)
        # The last band is as long as the others in bytes, so that their memory serves for it too.
        whole = self._layout.shape(size.channels, rows, size.width)
        band = self._bands.load(name, number, int(np.prod(whole)) * self._kind.itemsize)
        return band, np.ndarray(shape, self._kind, band)

    def _rows(self, rows: slice) -> tuple[slice, ...]:
        return (slice(None),) * self._layout.height + (rows,)


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
