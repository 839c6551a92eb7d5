"""Pictures on their way between a caller and the GPU, in bands of rows, through two bands of page-locked memory: while
one of them is copied, the other one is filled or emptied."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from server.engine.failure import NetworkFault
from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.picture_layout import PictureLayout
from server.engine.network.arrays import Array

_BAND_BYTES = 4 << 20


class Staging:
    """The two bands, for one picture at a time."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._bands = [gpu.host_array(_BAND_BYTES) for _ in range(2)]
        self._copied = [gpu.event() for _ in range(2)]
        self._flag = gpu.host_array(4).view(np.int32)

    def send(self, rows: Callable[[int, int], Array], layout: PictureLayout, address: int) -> None:
        """Brings a picture to an address. ``rows`` gives its rows from the first number up to, and without, the second.

        Copies may still be under way afterwards; what is queued next runs after them.
        """
        for number, (top, bottom) in enumerate(_split(layout)):
            given = rows(top, bottom)
            self._copied[number % 2].wait()
            band = self._band(number, layout, bottom - top)
            band[...] = given
            for offset, part in layout.parts(band, top):
                self._gpu.copy_in(address + offset, part)
            self._copied[number % 2].record()

    def fetch(self, emit: Callable[[Array], None], layout: PictureLayout, address: int, is_wrong: int) -> None:
        """Brings the result from an address to ``emit``, its next rows each time, from the top, in arrays that nobody
        else has. ``is_wrong`` is the address of an int32. Raises ValueError, before anything is emitted, if it is not
        0."""
        parts = _split(layout)
        self._gpu.copy_out(is_wrong, self._flag)

        def copy(number: int) -> None:
            top, bottom = parts[number]
            for offset, part in layout.parts(self._band(number, layout, bottom - top), top):
                self._gpu.copy_out(address + offset, part)
            self._copied[number % 2].record()

        for number in range(len(parts[:2])):
            copy(number)
        for number, (top, bottom) in enumerate(parts):
            self._copied[number % 2].wait()
            if self._flag[0]:
                raise NetworkFault("The network answered with values that are not finite.")
            given = self._band(number, layout, bottom - top).copy()
            if number + 2 < len(parts):
                copy(number + 2)
            emit(given)

    def _band(self, number: int, layout: PictureLayout, rows: int) -> Array:
        return self._bands[number % 2][: rows * layout.row_bytes].view(layout.kind).reshape(layout.shape(rows))


def _split(layout: PictureLayout) -> list[tuple[int, int]]:
    rows = max(_BAND_BYTES // layout.row_bytes, 1)
    return [(top, min(top + rows, layout.height)) for top in range(0, layout.height, rows)]
