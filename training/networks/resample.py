"""Antialiased resampling: blur before every subsampling, interpolate on the way up (Zhang, ICML 2019)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BlurDown(nn.Module):
    """Halves height and width, rounding up: reflection padding, then the kernel [1, 2, 1] x [1, 2, 1] / 16, stride 2.

    (N, C, H, W) -> (N, C, ceil(H/2), ceil(W/2)); H and W at least 2.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        kernel = torch.outer(row, row) / 16
        # A constant of the architecture, not a weight: it stays out of the state dict.
        self.register_buffer("kernel", kernel.expand(channels, 1, 3, 3).contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(x, self.kernel, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """Doubles height and width. Zero insertion blurred by [1, 3, 3, 1] with edge repetition is bilinear interpolation.

    (N, C, H, W) -> (N, C, 2H, 2W).
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
