"""Translates a whole picture for previews, at its size or, where time or memory is short, smaller and then enlarged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from training.computing.memory import is_exhausted
from training.data.batches import to_network

# Pixels of a picture that is shown: even noise then takes less than 4 MiB, the most that gRPC's clients accept.
MOST_PIXELS = 1_300_000
SKETCH_SECONDS = 5.0
PROBE_PIXELS = 128 * 128  # translated to find out how long the whole will take; also the least that is tried
LEAST_SIDE = 32

Translate = Callable[[Tensor], Tensor]


def whole_picture(levels: NDArray[np.uint8], most_pixels: int = MOST_PIXELS) -> Tensor:
    """(h, w, c) -> (1, c, h, w) in [-1, 1], scaled down if it has more than ``most_pixels``."""
    return _scaled(to_network(torch.from_numpy(levels)[None]), most_pixels)


class Whole:
    """A ``picture`` (1, c, h, w) in [-1, 1] to translate to its own size; ``multiple`` is the network's."""

    def __init__(self, picture: Tensor, multiple: int) -> None:
        self.picture, self._multiple = picture, multiple
        self._pixels = _pixels(picture)  # at most these are translated at once

    def translated(self, translate: Translate, warn: Callable[[str], None]) -> Tensor:
        """Translates the picture at its size or, once memory has run out, with fewer pixels, and enlarges the result.
        Calls ``warn`` with a sentence when memory runs out."""
        while True:
            try:
                return self._at(self._pixels, translate)
            except (RuntimeError, MemoryError) as error:
                if not is_exhausted(error) or self._pixels <= PROBE_PIXELS:
                    raise
            self._pixels = max(PROBE_PIXELS, self._pixels // 4)
            warn("not enough memory for the whole picture, so previews are translated smaller and enlarged")

    def sketched(self, translate: Translate, warn: Callable[[str], None]) -> Tensor:
        """Translates the picture within about five seconds on any processor, to have something to show early."""
        began = time.monotonic()
        self._at(PROBE_PIXELS, translate)
        affordable = int(PROBE_PIXELS * SKETCH_SECONDS / (time.monotonic() - began))
        if affordable >= self._pixels:
            return self.translated(translate, warn)
        return self._at(max(PROBE_PIXELS, affordable), translate)

    def _at(self, pixels: int, translate: Translate) -> Tensor:
        translated = translate_padded(translate, _scaled(self.picture, pixels), self._multiple)
        size = self.picture.shape[2:]
        if translated.shape[2:] == size:
            return translated
        return F.interpolate(translated, size, mode="bicubic").clamp(-1, 1)


def translate_padded(translate: Translate, picture: Tensor, multiple: int) -> Tensor:
    """(1, c, h, w) -> the same size; padded by reflection to the multiple and cropped again, as the server does."""
    height, width = picture.shape[2:]
    padded = F.pad(picture, (0, -width % multiple, 0, -height % multiple), mode="reflect")
    return translate(padded)[:, :, :height, :width]


def _pixels(picture: Tensor) -> int:
    return picture.shape[2] * picture.shape[3]


def _scaled(picture: Tensor, most_pixels: int) -> Tensor:
    if _pixels(picture) <= most_pixels:
        return picture
    scale = math.sqrt(most_pixels / _pixels(picture))
    size = [max(LEAST_SIDE, int(side * scale)) for side in picture.shape[2:]]
    return F.interpolate(picture, size, mode="bicubic", antialias=True).clamp(-1, 1)
