"""Pictures of any size through a network that wants multiples."""

from __future__ import annotations

from typing import Any

import numpy as np

from server.engine.pixels import Tensor
from server.engine.session import Session

# Below it a network's own padding by reflection runs out of picture.
SMALLEST = 16


def translate_canvas(session: Session, tensor: Tensor, *, multiple: int, options: Any) -> Tensor:
    """The whole picture (1 x 3 x H x W) in one run, padded at the right and bottom and cropped again.

    Padding is by reflection, again and again where the picture is smaller than it, and never more than is needed:
    instance normalisation sees it.
    """
    height, width = tensor.shape[2:]
    padding = ((0, 0), (0, 0), (0, _missing(height, multiple)), (0, _missing(width, multiple)))
    padded = np.pad(tensor, padding, mode="reflect") if padding[2:] != ((0, 0), (0, 0)) else tensor
    return session.run(padded, options)[:, :, :height, :width]


def _missing(length: int, multiple: int) -> int:
    return -(-max(length, SMALLEST) // multiple) * multiple - length
