"""Fully transparent pixels: their colours mean nothing to a person, and must mean nothing to a filter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Alpha, Tensor


def fill_transparent(tensor: Tensor, alpha: Alpha) -> None:
    """Gives the pixels (1 x 3 x H x W, in place) whose ``alpha`` (H x W) is 0 the colours of visible ones near them.

    Editors leave black there, which a filter would smear into the visible edge. Each takes the mean colour of the
    smallest square of 2, 4, 8 ... pixels around it, on a grid, that has visible ones (pull and push). A picture with
    nothing visible stays as it is.
    """
    visible = alpha != 0
    if visible.any() and not visible.all():
        weight = visible.astype(np.float32)
        tensor[0] = _filled(np.where(visible, tensor[0], np.float32(0)), weight)


def keep_transparent(samples: NDArray[Any], original: NDArray[Any], alpha: Alpha) -> None:
    """Where ``alpha`` is 0, ``samples`` (H x W x C, in place) become the ``original`` ones again."""
    hidden = alpha == 0
    samples[hidden] = original[hidden]


def _filled(colour: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colour sums (3, h, w) over weights (h, w); where the weight is 0, the colour of the level above."""
    known = weight > 0
    mean = np.divide(colour, weight, out=np.zeros_like(colour), where=known)
    if known.all():
        return mean
    height, width = weight.shape
    above = _filled(_halved(colour), _halved(weight)).repeat(2, axis=-2).repeat(2, axis=-1)
    return np.where(known, mean, above[:, :height, :width])


def _halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over squares of 2 x 2, the last ones cut off by the edge: (..., h, w) -> (..., ceil(h/2), ceil(w/2))."""
    height, width = values.shape[-2:]
    margins = [(0, 0)] * (values.ndim - 2) + [(0, height % 2), (0, width % 2)]
    even = np.pad(values, margins)
    return even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, 1::2]
