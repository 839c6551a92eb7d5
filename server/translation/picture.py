"""A picture as it came, which gives the filter its rows and gives the filter's rows back in its own format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Alpha, PixelFormat, Tensor, from_tensor, samples_of, to_tensor
from server.engine.transparency import fill_level, fill_rows, keep_transparent

# Pictures are converted in bands of about so many pixels, at least two rows.
_BAND_PIXELS = 1 << 18


class RawPicture:
    """Raw pixels (an array whose bytes they are), the only copy that is kept of them. A Source once ``prepare`` was
    called."""

    def __init__(self, raw: NDArray[Any], *, width: int, height: int, pixel_format: PixelFormat) -> None:
        self.width = width
        self.height = height
        self.pixel_format = pixel_format
        self._raw = raw.data.cast("B")
        self._level: NDArray[np.float32] | None = None

    @property
    def memory_bytes(self) -> int:
        """Of the pixels, and of what was computed to fill transparent ones."""
        return self._raw.nbytes + (self._level.nbytes if self._level is not None else 0)

    def prepare(self) -> None:
        """Finds the colours that fully transparent pixels have for the filter. Takes a while for large pictures."""
        if self.pixel_format.channels.has_alpha and self._hides_some():
            self._level = fill_level(self._converted_bands(), self.height, self.width)

    def rows(self, top: int, bottom: int) -> Tensor:
        tensor, alpha = self._converted(top, bottom)
        if alpha is not None and self._level is not None:
            fill_rows(tensor, alpha, top, self._level)
        return tensor

    def alpha(self, top: int, bottom: int) -> Alpha | None:
        """(bottom - top) x W."""
        if not self.pixel_format.channels.has_alpha:
            return None
        return self._samples(top, bottom)[..., -1]

    def samples(self, top: int, translated: Tensor) -> NDArray[Any]:
        """Translated rows from ``top`` on (1 x 3 x h x W) in the picture's format, with its alpha: h x W x C."""
        bottom = top + translated.shape[2]
        alpha = self.alpha(top, bottom)
        samples = from_tensor(translated, alpha, self.pixel_format)
        if alpha is not None:
            keep_transparent(samples, self._samples(top, bottom), alpha)
        return samples

    def _hides_some(self) -> bool:
        return any((self._samples(top, bottom)[..., -1] == 0).any() for top, bottom in self._bands())

    def _converted_bands(self) -> Iterator[tuple[Tensor, Alpha]]:
        for top, bottom in self._bands():
            tensor, alpha = self._converted(top, bottom)
            assert alpha is not None
            yield tensor, alpha

    def _bands(self) -> Iterator[tuple[int, int]]:
        rows = max(_BAND_PIXELS // self.width // 2, 1) * 2
        return ((top, min(top + rows, self.height)) for top in range(0, self.height, rows))

    def _converted(self, top: int, bottom: int) -> tuple[Tensor, Alpha | None]:
        return to_tensor(self._part(top, bottom), width=self.width, height=bottom - top, pixel_format=self.pixel_format)

    def _samples(self, top: int, bottom: int) -> NDArray[Any]:
        return samples_of(
            self._part(top, bottom), width=self.width, height=bottom - top, pixel_format=self.pixel_format
        )

    def _part(self, top: int, bottom: int) -> memoryview:
        row = self.width * self.pixel_format.bytes_per_pixel
        return self._raw[top * row : bottom * row]
