"""The PatchGAN discriminator of CUT, antialiased."""

from __future__ import annotations

from torch import Tensor, nn

from training.networks.initialise import xavier
from training.networks.resample import BlurDown


class PatchGAN(nn.Module):
    """Judges overlapping patches of 84 x 84 pixels: (N, 3, H, W) -> (N, 1, H/8 - 2, W/8 - 2), unbounded; H, W >= 32.

    Without arguments it is the paper's, 2,764,737 parameters. (The paper calls it 70 x 70, which is the receptive
    field without the blur.)
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        w = width
        self.model = nn.Sequential(
            nn.Conv2d(3, w, 4, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            BlurDown(w),
            *_halving(w, 2 * w),
            *_halving(2 * w, 4 * w),
            *_convolution(4 * w, 8 * w),
            nn.Conv2d(8 * w, 1, 4, padding=1),
        )
        xavier(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def _halving(inside: int, outside: int) -> list[nn.Module]:
    return [*_convolution(inside, outside), BlurDown(outside)]


def _convolution(inside: int, outside: int) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 4, padding=1), nn.InstanceNorm2d(outside), nn.LeakyReLU(0.2, inplace=True)]
