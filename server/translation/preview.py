"""The coarse preview: the picture at reduced size through the filter, before the exact result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Channels, PixelFormat, SampleType, Tensor, from_tensor
from server.engine.source import TensorSource
from server.pictures.files import Picture, encode_png
from server.translation.picture import RawPicture
from server.translation.terms import Preview

# Time goes with the number of pixels, and a preview shall take a tenth of it, so with some for what does not.
_MOST_SHARE = 1 / 12
_SMALLEST_PICTURE = 128 * 128

# Rows are reduced in bands of about so many pixels.
_BAND_PIXELS = 1 << 18


def preview_size(height: int, width: int, side: int) -> tuple[int, int] | None:
    """Height and width of a picture's preview, whose longer side has at most ``side`` pixels; None when no preview is
    wanted (``side`` is 0) or the picture itself is small."""
    if side == 0 or height * width < _SMALLEST_PICTURE:
        return None
    scale = min(math.sqrt(_MOST_SHARE), side / max(height, width))
    return max(int(height * scale), 1), max(int(width * scale), 1)


class ReducedPicture:
    """A picture reduced by averaging cells, which differ by at most one row and one column in size."""

    def __init__(self, picture: RawPicture, height: int, width: int) -> None:
        self._picture = picture
        self._rows = _edges(picture.height, height)
        self._columns = _edges(picture.width, width)
        self._has_alpha = picture.pixel_format.channels.has_alpha
        self._alpha = np.ones((height, width), np.float32)
        self.source = TensorSource(np.empty((1, 3, height, width), np.float32))

    @property
    def memory_bytes(self) -> int:
        return self.source.tensor.nbytes + self._alpha.nbytes

    def prepare(self) -> None:
        """Reads the whole picture. Takes a while for large ones."""
        at_once = max(_BAND_PIXELS // self._picture.width // (self._rows[1] - self._rows[0]), 1)
        for first in range(0, self.source.height, at_once):
            self._reduce(first, min(first + at_once, self.source.height))

    def preview(self, translated: Tensor) -> Preview:
        """Makes the preview from the translated reduced picture (1 x 3 x H x W): grey if the picture is grey, with its
        alpha."""
        channels = self._picture.pixel_format.channels
        alpha = np.floor(self._alpha * 255 + 0.5).astype(np.uint8) if self._has_alpha else None
        samples = from_tensor(translated, alpha, PixelFormat(channels, SampleType.UINT8))
        if channels < Channels.RGB:
            samples = np.concatenate((samples[..., :1].repeat(3, axis=2), samples[..., 1:]), axis=2)
        height, width = samples.shape[:2]
        return Preview(encode_png(Picture(samples)), width, height)

    def _reduce(self, first: int, last: int) -> None:
        edges = self._rows[first : last + 1]
        rows = self._picture.rows(int(edges[0]), int(edges[-1]))
        self.source.tensor[0, :, first:last] = self._means(rows[0], edges)
        alpha = self._picture.alpha(int(edges[0]), int(edges[-1]))
        if alpha is not None:
            sample_type = self._picture.pixel_format.sample_type
            visible = np.nan_to_num(alpha.astype(np.float32) / np.float32(sample_type.white), nan=0.0).clip(0, 1)
            self._alpha[first:last] = self._means(visible, edges)

    def _means(self, values: NDArray[Any], edges: NDArray[np.int64]) -> NDArray[Any]:
        sums = np.add.reduceat(values, edges[:-1] - edges[0], axis=-2)
        sums = np.add.reduceat(sums, self._columns[:-1], axis=-1)
        means: NDArray[Any] = sums / (np.diff(edges)[:, np.newaxis] * np.diff(self._columns))
        return means


def _edges(length: int, cells: int) -> NDArray[np.int64]:
    """The first row or column of each of ``cells`` cells, and the end of the last one."""
    return np.arange(cells + 1, dtype=np.int64) * length // cells
