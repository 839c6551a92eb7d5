"""One picture through a filter, whatever its size."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from server.engine.pixels import Tensor
from server.engine.session import FilterSession

SMALLEST = 16  # pixels; below it the reflection padding inside the networks has nothing to reflect


def translate_canvas(
    session: FilterSession, tensor: Tensor, *, multiple: int, options: ort.RunOptions | None = None
) -> Tensor:
    """(1, 3, h, w) in [-1, 1] -> the same, h and w at least 1.

    Sizes off the multiple are padded by reflection at the right and the bottom, by less than one multiple (pictures
    under 16 pixels up to 16), and cropped again: InstanceNorm sees padding, so there is never more of it.
    """
    height, width = tensor.shape[2:]
    down, right = (_padding(size, multiple) for size in (height, width))
    if down or right:
        tensor = np.pad(tensor, ((0, 0), (0, 0), (0, down), (0, right)), mode="reflect")
    return session.run(tensor, options)[:, :, :height, :width]


def _padding(size: int, multiple: int) -> int:
    return -(-max(size, SMALLEST) // multiple) * multiple - size
