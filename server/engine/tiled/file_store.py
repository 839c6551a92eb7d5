"""Layers that are stored in temporary files between sweeps, where memory has no room for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from io import FileIO
from typing import Any

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.tiled.areas import Area
from server.engine.tiled.layout import CHANNELS_FIRST, Layout


class FileStore:
    """A LayerStore in nameless files in ``folder`` (the system's own, if None), one for each layer, row by row. The
    system removes a file when it is closed. Raises OSError where there is no room."""

    def __init__(self, layout: Layout, kind: np.dtype[Any], folder: str | None = None) -> None:
        self._layout = layout
        self._kind = kind
        self._folder = folder
        self._layers: dict[str, tuple[Size, FileIO]] = {}

    def open(self, name: str, size: Size) -> None:
        """See LayerStore."""
        file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - it is closed when the layer goes
        self._layers[name] = size, file

    def read(self, name: str, area: Area) -> Array:
        """See LayerStore."""
        size, file = self._layers[name]
        found = np.empty((area.rows.length, *self._row(size, area.columns.length)), self._kind)
        for offset, run in self._runs(size, area, found):
            file.seek(offset)
            if file.readinto(run) != len(run):
                raise OSError("A temporary file is shorter than what was written.")
        values = found if self._layout is not CHANNELS_FIRST else found.transpose(1, 0, 2)
        return np.ascontiguousarray(values[None])

    def writable_view(self, name: str, area: Area) -> Array | None:
        """See LayerStore; a file has none."""
        return None

    def write(self, name: str, area: Area, values: Array) -> None:
        """See LayerStore."""
        size, file = self._layers[name]
        by_rows = values[0] if self._layout is not CHANNELS_FIRST else values[0].transpose(1, 0, 2)
        for offset, run in self._runs(size, area, np.ascontiguousarray(by_rows, self._kind)):
            file.seek(offset)
            while run:
                run = run[file.write(run) :]

    def drop(self, name: str, before: int | None = None) -> None:
        """See LayerStore. A part of a layer stays in its file."""
        if before is None:
            _, file = self._layers.pop(name)
            file.close()

    def close(self) -> None:
        """See LayerStore."""
        for _, file in self._layers.values():
            file.close()
        self._layers.clear()

    def _row(self, size: Size, width: int) -> tuple[int, int]:
        return (width, size.channels) if self._layout is not CHANNELS_FIRST else (size.channels, width)

    def _runs(self, size: Size, area: Area, values: Array) -> Iterator[tuple[int, memoryview]]:
        """The values in parts that lie in one run of the file, each with its offset there in bytes."""
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
