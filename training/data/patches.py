"""SinCUT's zoom-and-patch: zooms pictures, but computes only a patch of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Patch:
    """A square of ``size`` pixels at (top, left) of a picture that was zoomed to (height, width)."""

    top: int
    left: int
    height: int
    width: int
    size: int


def zoomed_patches(pictures: Sequence[Tensor], patches: Sequence[Patch]) -> Tensor:
    """Returns one patch of each picture (h, w, c) uint8, on their device: (n, size, size, c) uint8, rounded.

    Equals cropping ``interpolate(picture, (height, width), mode="bilinear", antialias=True)``, but reads only the
    pixels that the patch covers. ``interpolate`` itself cannot do that: a patch starts between two pixels of the
    picture and needs its neighbours, so the same triangle filter is applied here as two matrices, W_y P W_x^T.
    """
    rows = [_Window.of(p.top, p.size, p.height, len(x)) for x, p in zip(pictures, patches, strict=True)]
    columns = [_Window.of(p.left, p.size, p.width, x.shape[1]) for x, p in zip(pictures, patches, strict=True)]
    device, channels = pictures[0].device, pictures[0].shape[2]
    regions = torch.zeros(
        (len(pictures), max(w.length for w in rows), max(w.length for w in columns), channels),
        dtype=torch.uint8,
        device=device,
    )
    for region, picture, row, column in zip(regions, pictures, rows, columns, strict=True):
        region[: row.length, : column.length] = picture[row.pixels, column.pixels]
    n, _, width, size = *regions.shape[:3], patches[0].size
    rows_done = _weights(rows).to(device) @ regions.float().flatten(2)  # (n, size, w * c)
    planes = rows_done.view(n, size, width, channels).permute(0, 3, 1, 2).reshape(n, channels * size, width)
    zoomed = (planes @ _weights(columns).to(device).mT).view(n, channels, size, size)
    return zoomed.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()


@dataclass(frozen=True)
class _Window:
    """The pixels of one axis that a patch needs, from ``first`` on, and their weights (size, length)."""

    first: int
    weights: NDArray[np.float32]

    @property
    def length(self) -> int:
        return self.weights.shape[1]

    @property
    def pixels(self) -> slice:
        return slice(self.first, self.first + self.length)

    @classmethod
    def of(cls, start: int, size: int, zoomed: int, whole: int) -> _Window:
        """Returns the window for ``size`` output pixels from ``start`` on, of an axis zoomed from ``whole`` to
        ``zoomed`` pixels."""
        scale = whole / zoomed
        reach = max(scale, 1.0)  # half the width of the triangle, in pixels of the picture
        centres = (start + np.arange(size) + 0.5) * scale
        first = max(0, int(np.floor(centres[0] - reach)))
        last = min(whole, int(np.ceil(centres[-1] + reach)))
        distances = np.abs(np.arange(first, last) + 0.5 - centres[:, None]) / reach
        weights = (1 - distances).clip(min=0)
        return cls(first, (weights / weights.sum(1, keepdims=True)).astype(np.float32))


def _weights(windows: Sequence[_Window]) -> Tensor:
    """Stacks the windows' weights (n, size, longest), with zeros where a window is shorter."""
    size, longest = windows[0].weights.shape[0], max(window.length for window in windows)
    stacked = np.zeros((len(windows), size, longest), np.float32)
    for weights, window in zip(stacked, windows, strict=True):
        weights[:, : window.length] = window.weights
    return torch.from_numpy(stacked)
