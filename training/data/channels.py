"""Converts pictures between numbers of channels."""

from __future__ import annotations

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow uses it when pictures are read as grey


def as_channels(pictures: Tensor, channels: int) -> Tensor:
    """(N, 1 to 4, H, W) in [-1, 1] -> (N, channels, H, W), differentiable; the last of 2 or 4 channels is alpha.

    Colour becomes its luma, grey is repeated; missing alpha becomes opaque, unwanted alpha is left out.
    """
    given = pictures.shape[1]
    if given == channels:
        return pictures
    colour = pictures[:, : 3 if given > 2 else 1]
    if channels <= 2 < given:
        colour = (colour * colour.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    elif given <= 2 < channels:
        colour = colour.expand(-1, 3, -1, -1)
    if channels in (1, 3):
        return colour
    alpha = pictures[:, -1:] if given in (2, 4) else torch.ones_like(pictures[:, :1])
    return torch.cat([colour, alpha], 1)
