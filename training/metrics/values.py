"""Converts the kinds of pictures that metrics accept to one kind of tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Picture = Tensor | NDArray[Any]
Pictures = Sequence[Picture] | Tensor  # a batch (n, 3, h, w) is a sequence of pictures


def as_tensor(picture: Picture, device: torch.device) -> Tensor:
    """An array (h, w, 3) or a tensor (3, h, w), uint8 or float in [-1, 1] -> (3, h, w) float32 in [-1, 1].

    Raises ValueError for another shape or an integer type other than uint8.
    """
    tensor = torch.from_numpy(np.array(picture, order="C")) if isinstance(picture, np.ndarray) else picture.detach()
    if isinstance(picture, np.ndarray) and tensor.ndim == 3:
        tensor = tensor.permute(2, 0, 1)
    if tensor.ndim != 3 or tensor.shape[0] != 3:
        raise ValueError(f"a picture is an array (h, w, 3) or a tensor (3, h, w), not {tuple(picture.shape)}")
    tensor = tensor.to(device)
    if tensor.dtype == torch.uint8:
        return tensor.float() / 127.5 - 1
    if not tensor.is_floating_point():
        raise ValueError(f"a picture is uint8 or float, not {picture.dtype}")
    return tensor.float()
