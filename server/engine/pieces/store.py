"""Layers that are kept between sweeps: in memory, or in a temporary file."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.engine.pieces.areas import Area
from server.engine.pieces.layout import Layout
from server.engine.pieces.network import Size

Array = NDArray[Any]


class Bands(Protocol):
    """Where the bands of layers lie, each under the layer's name and its number; all of one layer have one size."""

    def load(self, name: str, number: int, size: int) -> bytearray | mmap.mmap:
        """A new one where there is none yet."""

    def save(self, name: str, number: int, band: bytearray | mmap.mmap) -> None: ...

    def drop(self, name: str, number: int) -> None: ...

    def close(self) -> None: ...


class MemoryBands:
    """In memory that goes back to the system when it is dropped, unless the next layer can use it again at once."""

    def __init__(self) -> None:
        self._bands: dict[tuple[str, int], mmap.mmap] = {}
        self._spare: list[mmap.mmap] = []

    def load(self, name: str, number: int, size: int) -> mmap.mmap:
        key = (name, number)
        if key not in self._bands:
            if self._spare and len(self._spare[-1]) != size:
                self._spare.clear()
            self._bands[key] = self._spare.pop() if self._spare else mmap.mmap(-1, size)
        return self._bands[key]

    def save(self, name: str, number: int, band: bytearray | mmap.mmap) -> None:
        pass

    def drop(self, name: str, number: int) -> None:
        band = self._bands.pop((name, number))
        if self._spare and len(self._spare[-1]) != len(band):
            self._spare.clear()
        self._spare.append(band)

    def close(self) -> None:
        self._bands.clear()
        self._spare.clear()


class FileBands:
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

    def save(self, name: str, number: int, band: bytearray | mmap.mmap) -> None:
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


class Store:
    """Layers by name, in bands of rows; ``rows`` says how many rows of a layer are one band."""

    def __init__(self, bands: Bands, layout: Layout, kind: np.dtype[Any]) -> None:
        self._bands = bands
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
            view[self._index(within, area.columns.start, area.columns.stop)] = values[self._rows(part)]
            self._bands.save(name, number, band)

    def read(self, name: str, area: Area) -> Array:
        size, _ = self._sizes[name]
        values = np.empty(self._layout.shape(size.channels, *area.shape), self._kind)
        for number, within, part in self._parts(name, area):
            _, view = self._band(name, number)
            values[self._rows(part)] = view[self._index(within, area.columns.start, area.columns.stop)]
        return values

    def drop(self, name: str, before: int | None = None) -> None:
        """Forgets the rows ``before`` this one, or the whole layer."""
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

    def _band(self, name: str, number: int) -> tuple[bytearray | mmap.mmap, Array]:
        size, rows = self._sizes[name]
        shape = self._layout.shape(size.channels, min(rows, size.height - number * rows), size.width)
        # The last band is as long as the others in bytes, so that their memory serves for it too.
        whole = self._layout.shape(size.channels, rows, size.width)
        band = self._bands.load(name, number, int(np.prod(whole)) * self._kind.itemsize)
        return band, np.ndarray(shape, self._kind, band)

    def _rows(self, rows: slice) -> tuple[slice, ...]:
        return (slice(None),) * self._layout.height + (rows,)

    def _index(self, rows: slice, left: int, right: int) -> tuple[slice, ...]:
        index = [slice(None)] * 4
        index[self._layout.height], index[self._layout.width] = rows, slice(left, right)
        return tuple(index)
