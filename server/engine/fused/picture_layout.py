"""How a picture lies in memory on its way to the GPU and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.engine.network.arrays import Array


@dataclass(frozen=True)
class PictureLayout:
    """A picture's shape and the meaning of its values.

    Without ``places``: float32, ``samples`` planes one after the other, from -1 to 1 or in a network's own range. With
    them: bytes, ``samples`` for each pixel, sRGB-encoded; ``places`` are the indices of red, green and blue among
    those, and the others have no meaning in a result.
    """

    samples: int
    height: int
    width: int
    places: tuple[int, int, int] | None = None

    @property
    def pixels(self) -> int:
        """Height times width."""
        return self.height * self.width

    @property
    def row_bytes(self) -> int:
        """Bytes of one row with all its samples."""
        return self.samples * self.width * self.kind.itemsize

    @property
    def size(self) -> int:
        """Bytes of the whole picture."""
        return self.row_bytes * self.height

    @property
    def kind(self) -> np.dtype[Any]:
        """The type of a sample."""
        return np.dtype(np.float32 if self.places is None else np.uint8)

    def shape(self, rows: int) -> tuple[int, ...]:
        """The shape of an array of this many rows of the picture."""
        return (1, self.samples, rows, self.width) if self.places is None else (rows, self.width, self.samples)

    def parts(self, band: Array, top: int) -> Iterator[tuple[int, Array]]:
        """The parts of ``band``, rows from ``top`` on, that lie in one run of memory in the whole picture too, each
        with its offset there in bytes."""
        if self.places is not None:
            yield top * self.row_bytes, band
            return
        row = self.width * self.kind.itemsize
        for plane in range(self.samples):
            yield (plane * self.height + top) * row, band[0, plane]
