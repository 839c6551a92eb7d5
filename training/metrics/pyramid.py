"""The Laplacian pyramid: a picture as its detail at one scale after another (Burt and Adelson, 1983)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SMALLEST_SIDE = 16  # pixels of the coarsest level, as in Karras et al. 2018, section 5
_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def possible_levels(height: int, width: int) -> int:
    """Returns how many levels have at least 16 pixels on their shorter side; 0 for a picture that is smaller."""
    levels, side = 0, min(height, width)
    while side >= SMALLEST_SIDE:
        levels, side = levels + 1, (side + 1) // 2
    return levels


def laplacian_pyramid(picture: Tensor, levels: int) -> list[Tensor]:
    """(c, h, w) -> ``levels`` tensors (c, h / 2^k, w / 2^k), rounded up: the finest detail first, the low-pass last."""
    pyramid = []
    for _ in range(levels - 1):
        smaller = _blur(picture)[:, ::2, ::2]
        pyramid.append(picture - _enlarge(smaller, like=picture))
        picture = smaller
    return [*pyramid, picture]


def _enlarge(picture: Tensor, *, like: Tensor) -> Tensor:
    spread = torch.zeros_like(like)
    spread[:, ::2, ::2] = picture
    return 4 * _blur(spread)


def _blur(picture: Tensor) -> Tensor:
    weights = picture.new_tensor(_BINOMIAL)
    x = F.pad(picture[:, None], (2, 2, 2, 2), mode="reflect")  # (c, 1, h + 4, w + 4)
    return F.conv2d(F.conv2d(x, weights.view(1, 1, 1, 5)), weights.view(1, 1, 5, 1))[:, 0]
