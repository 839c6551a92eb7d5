"""A picture in the client's format: gives rows to the filter, and converts the filter's rows back."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import (
    Alpha,
    Channels,
    PixelFormat,
    SampleType,
    Tensor,
    TransferFunction,
    from_tensor,
    normalise,
    samples_of,
)
from server.engine.source import Band, EightBit
from server.engine.transparency import fill_level, fill_rows, keep_transparent

# Pictures are converted in bands of about so many pixels, at least two rows.
_BAND_PIXELS = 1 << 18


class RawPicture:
    """Raw pixels (an array whose bytes they are), the only copy that is kept of them. A RowSource once ``prepare`` was
    called."""

    def __init__(self, raw: NDArray[Any], *, width: int, height: int, pixel_format: PixelFormat) -> None:
        self.width = width
        self.height = height
        self.pixel_format = pixel_format
        self._raw = raw.data.cast("B")
        self._level: NDArray[np.float32] | None = None

    @property
    def memory_bytes(self) -> int:
        """Bytes of the pixels and of what fills transparent ones."""
        return self._raw.nbytes + (self._level.nbytes if self._level is not None else 0)

    def prepare(self) -> None:
        """Finds the colours that the filter gets for fully transparent pixels. Takes a while for large pictures."""
        if self.pixel_format.channels.has_alpha and self._hides_some():
            self._level = fill_level(self._converted_bands(), self.height, self.width)

    def rows(self, top: int, bottom: int) -> Tensor:
        tensor = np.empty((1, 3, bottom - top, self.width), np.float32)
        for _ in _threads().map(lambda band: self._convert(tensor, top, *band), self._bands(top, bottom)):
            pass
        return tensor

    @property
    def eight_bit(self) -> EightBit | None:
        """What a filter sees, as it came, if it is that."""
        given = self.pixel_format
        is_encoded = given.transfer_function is TransferFunction.SRGB
        if given.sample_type is not SampleType.UINT8 or not is_encoded or self._level is not None:
            return None
        if given.channels < Channels.RGB:  # grey is computed of three colours that are not rounded yet
            return None
        return EightBit(self._samples, int(given.channels), given.channel_order.value)

    def alpha(self, top: int, bottom: int) -> Alpha | None:
        """The alpha of rows ``top`` to ``bottom``, (bottom - top) x W; None without alpha."""
        if not self.pixel_format.channels.has_alpha:
            return None
        return self._samples(top, bottom)[..., -1]

    def samples(self, top: int, translated: Band) -> NDArray[Any]:
        """Converts translated rows, which start at ``top``, to the picture's format with its alpha: h x W x C."""
        bottom = top + translated.shape[2]
        alpha = self.alpha(top, bottom)
        if translated.dtype == np.uint8:
            samples = np.ascontiguousarray(translated[0].transpose(1, 2, 0))
            if alpha is not None:
                samples[..., -1] = alpha
        else:
            samples = from_tensor(translated, alpha, self.pixel_format)
        if alpha is not None:
            keep_transparent(samples, self._samples(top, bottom), alpha)
        return samples

    def _convert(self, whole: Tensor, first: int, top: int, bottom: int) -> None:
        """Converts rows ``top`` to ``bottom`` into a tensor whose first row is ``first``."""
        tensor, alpha = whole[:, :, top - first : bottom - first], self.alpha(top, bottom)
        normalise(self._samples(top, bottom), tensor, self.pixel_format)
        if alpha is not None and self._level is not None:
            fill_rows(tensor, alpha, top, self._level)

    def _hides_some(self) -> bool:
        return any((self._samples(*band)[..., -1] == 0).any() for band in self._bands(0, self.height))

    def _converted_bands(self) -> Iterator[tuple[Tensor, Alpha]]:
        for top, bottom in self._bands(0, self.height):
            samples = self._samples(top, bottom)
            tensor = np.empty((1, 3, *samples.shape[:2]), np.float32)
            normalise(samples, tensor, self.pixel_format)
            yield tensor, samples[..., -1]

    def _bands(self, top: int, bottom: int) -> Iterator[tuple[int, int]]:
        rows = max(_BAND_PIXELS // self.width // 2, 1) * 2
        return ((first, min(first + rows, bottom)) for first in range(top, bottom, rows))

    def _samples(self, top: int, bottom: int) -> NDArray[Any]:
        row = self.width * self.pixel_format.bytes_per_pixel
        part = self._raw[top * row : bottom * row]
        return samples_of(part, width=self.width, height=bottom - top, pixel_format=self.pixel_format)


@functools.cache
def _threads() -> ThreadPoolExecutor:
    """The threads that convert, one for each processor."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="conversion")
