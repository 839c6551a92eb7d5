"""Fully transparent pixels: their colours mean nothing to a person, and must mean nothing to a filter.

Editors leave black there, which a filter would smear into the visible edge. Each hidden pixel gets the mean colour of
the smallest square of 2, 4, 8 ... pixels around it, on a grid, that has visible ones (pull and push). A picture with
nothing visible stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Alpha, Tensor

Level = NDArray[np.float32]  # 3 x ceil(H / 2) x ceil(W / 2)


def fill_level(bands: Iterable[tuple[Tensor, Alpha]], height: int, width: int) -> Level | None:
    """The colours for hidden pixels, one for each square of 2 x 2; None where no pixel is visible.

    ``bands`` are the picture's rows from the top (1 x 3 x h x W, and h x W), each but the last of an even number.
    """
    colour = np.zeros((3, -(-height // 2), -(-width // 2)), np.float32)
    weight = np.zeros(colour.shape[1:], np.float32)
    row = 0
    for tensor, alpha in bands:
        visible = alpha != 0
        rows = slice(row, row + -(-alpha.shape[0] // 2))
        colour[:, rows] = _halved(np.where(visible, tensor[0], np.float32(0)))
        weight[rows] = _halved(visible.astype(np.float32))
        row = rows.stop
    if not weight.any():
        return None
    _fill(colour, weight)
    return colour


def fill_rows(tensor: Tensor, alpha: Alpha, top: int, level: Level) -> None:
    """Gives the pixels of rows from ``top`` on (1 x 3 x h x W, in place) whose ``alpha`` (h x W) is 0 their colours."""
    hidden = alpha == 0
    if hidden.any():
        np.copyto(tensor[0], _doubled(level, top, *hidden.shape), where=hidden)


def keep_transparent(samples: NDArray[Any], original: NDArray[Any], alpha: Alpha) -> None:
    """Where ``alpha`` is 0, ``samples`` (H x W x C, in place) become the ``original`` ones again."""
    hidden = alpha == 0
    samples[hidden] = original[hidden]


def _fill(colour: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """Colour sums (3, h, w) become means by their weights (h, w); where the weight is 0, those of the level above."""
    known = weight > 0
    above = None
    if not known.all():
        above = _halved(colour)
        _fill(above, _halved(weight))
    np.divide(colour, weight, out=colour, where=known)
    if above is not None:
        for top in range(0, weight.shape[0], 64):
            rows = slice(top, min(top + 64, weight.shape[0]))
            np.copyto(colour[:, rows], _doubled(above, top, *weight[rows].shape), where=~known[rows])


def _doubled(above: NDArray[np.float32], top: int, height: int, width: int) -> NDArray[np.float32]:
    """Rows of the level below, from ``top`` on: each value of ``above`` four times."""
    rows = above[:, top // 2 : -(-(top + height) // 2)].repeat(2, axis=-2).repeat(2, axis=-1)
    return rows[:, top % 2 : top % 2 + height, :width]


def _halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over squares of 2 x 2, the last ones cut off by the edge: (..., h, w) -> (..., ceil(h/2), ceil(w/2))."""
    height, width = values.shape[-2:]
    margins = [(0, 0)] * (values.ndim - 2) + [(0, height % 2), (0, width % 2)]
    even = np.pad(values, margins) if height % 2 or width % 2 else values
    sums = even[..., ::2, ::2] + even[..., 1::2, ::2]
    sums += even[..., ::2, 1::2]
    sums += even[..., 1::2, 1::2]
    return sums
