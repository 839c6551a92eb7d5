"""The way between a caller's rows and the GPU: through memory that it reaches by itself, in bands, two at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.picture_layout import Form

Array = NDArray[Any]  # of some rows, as their form says

_BAND_BYTES = 4 << 20


class Staging:
    """One picture at a time."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._bands = [gpu.host_array(_BAND_BYTES) for _ in range(2)]
        self._copied = [gpu.event() for _ in range(2)]
        self._flag = gpu.host_array(4).view(np.int32)

    def send(self, rows: Callable[[int, int], Array], form: Form, address: int) -> None:
        """``rows`` gives those from the first number up to the second. Copies may still be under way afterwards, and
        what is said next comes after them."""
        for number, (top, bottom) in enumerate(_split(form)):
            given = rows(top, bottom)
            self._copied[number % 2].wait()
            band = self._band(number, form, bottom - top)
            band[...] = given
            for offset, part in form.parts(band, top):
                self._gpu.copy_in(address + offset, part)
            self._copied[number % 2].record()

    def fetch(self, emit: Callable[[Array], None], form: Form, address: int, is_wrong: int) -> None:
        """Gives out rows from the top; they are the caller's own. ``is_wrong`` is the address of an int32. Raises
        ValueError, and gives out nothing, when it is not 0."""
        parts = _split(form)
        self._gpu.copy_out(is_wrong, self._flag)

        def copy(number: int) -> None:
            top, bottom = parts[number]
            for offset, part in form.parts(self._band(number, form, bottom - top), top):
                self._gpu.copy_out(address + offset, part)
            self._copied[number % 2].record()

        for number in range(len(parts[:2])):
            copy(number)
        for number, (top, bottom) in enumerate(parts):
            self._copied[number % 2].wait()
            if self._flag[0]:
                raise ValueError("The network answered with values that are not finite.")
            given = self._band(number, form, bottom - top).copy()
            if number + 2 < len(parts):
                copy(number + 2)
            emit(given)

    def _band(self, number: int, form: Form, rows: int) -> Array:
        return self._bands[number % 2][: rows * form.row_bytes].view(form.kind).reshape(form.shape(rows))


def _split(form: Form) -> list[tuple[int, int]]:
    rows = max(_BAND_BYTES // form.row_bytes, 1)
    return [(top, min(top + rows, form.height)) for top in range(0, form.height, rows)]
