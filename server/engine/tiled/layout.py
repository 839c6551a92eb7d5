"""In which order the axes of pictures and layers lie in memory within a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.engine.network.arrays import Array


@dataclass(frozen=True)
class Layout:
    """Which of the four axes is the height, the width and the channel; axis 0 is a batch of one."""

    height: int
    width: int
    channel: int

    def shape(self, channels: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The shape of an array with these lengths."""
        return (1, height, width, channels) if self.channel == 3 else (1, channels, height, width)

    def by_channel(self, values: Array) -> Array:
        """One value for each channel, or a single one, shaped so that it broadcasts over a picture."""
        return values.reshape(-1, 1, 1) if values.ndim and self.channel == 1 else values

    def pads(self, before: tuple[int, int], after: tuple[int, int]) -> NDArray[np.int64]:
        """The operand of ONNX's Pad that adds so many (rows, columns) ``before`` and ``after`` the picture."""
        pads = np.zeros((2, 4), np.int64)
        pads[:, self.height] = before[0], after[0]
        pads[:, self.width] = before[1], after[1]
        return pads.reshape(-1)

    def scales(self, factors: tuple[int, int]) -> NDArray[np.float32]:
        """The operand of ONNX's Resize for these factors of height and width."""
        scales = np.ones(4, np.float32)
        scales[self.height], scales[self.width] = factors
        return scales


CHANNELS_FIRST = Layout(height=2, width=3, channel=1)
CHANNELS_LAST = Layout(height=1, width=2, channel=3)
