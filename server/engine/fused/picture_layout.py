"""How a picture lies in memory on its way to the GPU and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.engine.network.arrays import Array


@dataclass(frozen=True)
class PictureLayout:
    """Without ``places`` float32, one of ``samples`` planes after the other, -1 to 1 or a network's own range. With
    them bytes, ``samples`` for each pixel: places launch where among those red, green and blue are, sRGB-encoded, to 255.
    What else is among them has no meaning in a result."""

    samples: int
    height: int
    width: int
    places: tuple[int, int, int] | None = None

    @property
    def pixels(self) -> int:
        return self.height * self.width

    @property
    def row_bytes(self) -> int:
        """Of one row, with all its samples."""
        return self.samples * self.width * self.kind.itemsize

    @property
    def size(self) -> int:
        """In bytes."""
        return self.row_bytes * self.height

    @property
    def kind(self) -> np.dtype[Any]:
        return np.dtype(np.float32 if self.places is None else np.uint8)

    def shape(self, rows: int) -> tuple[int, ...]:
        """Of an array of so many rows."""
        return (1, self.samples, rows, self.width) if self.places is None else (rows, self.width, self.samples)

    def parts(self, band: Array, top: int) -> Iterator[tuple[int, Array]]:
        """What lies together both in a band of rows from ``top`` on and in the whole picture, and where, in bytes."""
        if self.places is not None:
            yield top * self.row_bytes, band
            return
        row = self.width * self.kind.itemsize
        for plane in range(self.samples):
            yield (plane * self.height + top) * row, band[0, plane]
