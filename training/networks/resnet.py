"""The ResNet generator of CUT (paper, section 4 and appendix C), with taps for PatchNCE.

The layers keep the published code's positions in one ``model`` sequence, so that published weights fit key by key.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from training.networks.generator import Generator
from training.networks.initialise import xavier
from training.networks.resample import BlurDown, BlurUp

SPATIAL_MULTIPLE = 4  # two halvings
FIRST_BLOCK = 12  # position of the first residual block in ``model``


def default_taps(blocks: int) -> tuple[int, ...]:
    """What PatchNCE compares: the padded picture, both down convolutions, the first and the middle block.

    For 9 blocks these are the paper's (0, 4, 8, 12, 16), with receptive fields of 1, 9, 15, 35 and 99 pixels.
    """
    return tuple(sorted({0, 4, 8, FIRST_BLOCK, FIRST_BLOCK + blocks // 2}))


class ResnetBlock(nn.Module):
    """x + two reflection-padded 3x3 convolutions with instance normalisation. (N, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class ResnetGenerator(Generator):
    """Pictures (N, 3, H, W) in [-1, 1] to pictures in [-1, 1], H and W rounded up to a multiple of 4, each at least 16.

    Without arguments it is the paper's: antialiased, 9 blocks, 11,378,179 parameters.
    """

    def __init__(self, *, width: int = 64, blocks: int = 9) -> None:
        super().__init__()
        self.channels_in, self.channels_out, self.multiple, self.blocks = 3, 3, SPATIAL_MULTIPLE, blocks
        w = width
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_convolution(3, w, 7, padding=0),  # (N, w, H, W)
            *_convolution(w, 2 * w, 3, padding=1),
            BlurDown(2 * w),  # (N, 2w, H/2, W/2)
            *_convolution(2 * w, 4 * w, 3, padding=1),
            BlurDown(4 * w),  # (N, 4w, H/4, W/4)
            *(ResnetBlock(4 * w) for _ in range(blocks)),
            BlurUp(),
            *_convolution(4 * w, 2 * w, 3, padding=1),
            BlurUp(),
            *_convolution(2 * w, w, 3, padding=1),
            nn.ReflectionPad2d(3),
            nn.Conv2d(w, 3, 7),
            nn.Tanh(),
        )
        xavier(self)

    def layers(self) -> list[nn.Module]:
        return list(self.model)

    def default_taps(self) -> tuple[int, ...]:
        return default_taps(self.blocks)

    def tap_channels(self, taps: Sequence[int]) -> list[int]:
        channels, at = self.channels_in, []
        for layer in self.model:
            if isinstance(layer, nn.Conv2d):
                channels = layer.out_channels
            at.append(channels)
        return [at[tap] for tap in taps]


def _convolution(inside: int, outside: int, size: int, *, padding: int) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, size, padding=padding), nn.InstanceNorm2d(outside), nn.ReLU(inplace=True)]
