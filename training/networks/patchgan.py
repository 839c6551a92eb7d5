"""The PatchGAN discriminator of CUT and of CycleGAN."""

from __future__ import annotations

from torch import Tensor, nn

from training.networks.initialise import xavier
from training.networks.normalise import InstanceNorm
from training.networks.resample import BlurDown


class PatchGAN(nn.Module):
    """Judges overlapping patches: (N, channels, H, W) -> (N, 1, H/8 - 2, W/8 - 2), unbounded; H, W >= 32.

    By default it is CUT's, with 2,764,737 parameters and patches of 84 x 84 pixels; without ``antialias`` it is the
    70 x 70 PatchGAN that the paper names.
    """

    def __init__(self, *, channels: int = 3, width: int = 64, antialias: bool = True) -> None:
        super().__init__()
        w = width
        stride, blur = (1, BlurDown) if antialias else (2, None)

        def halving(inside: int, outside: int, *, norm: bool = True) -> list[nn.Module]:
            return [*_convolution(inside, outside, stride, norm=norm), *([blur(outside)] if blur else [])]

        self.model = nn.Sequential(
            *halving(channels, w, norm=False),
            *halving(w, 2 * w),
            *halving(2 * w, 4 * w),
            *_convolution(4 * w, 8 * w, 1),
            nn.Conv2d(8 * w, 1, 4, padding=1),
        )
        xavier(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def _convolution(inside: int, outside: int, stride: int, *, norm: bool = True) -> list[nn.Module]:
    return [
        nn.Conv2d(inside, outside, 4, stride=stride, padding=1),
        *([InstanceNorm(outside)] if norm else []),
        nn.LeakyReLU(0.2, inplace=True),
    ]
