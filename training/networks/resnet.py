"""The ResNet generator of CUT (paper, section 4 and appendix C) and of CycleGAN, with taps for PatchNCE.

The layers keep the published code's positions in one ``model`` sequence, so that published weights fit key by key.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from training.networks.generator import Generator
from training.networks.initialise import xavier
from training.networks.normalise import InstanceNorm
from training.networks.resample import BlurDown, BlurUp


class ResnetBlock(nn.Module):
    """x + two reflection-padded 3x3 convolutions with instance normalisation. (N, C, H, W) -> the same."""

    def __init__(self, channels: int, *, dropout: bool = False) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            InstanceNorm(channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            InstanceNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class ResnetGenerator(Generator):
    """Pictures (N, channels_in, H, W) in [-1, 1] to pictures (N, channels_out, H, W) in [-1, 1].

    H and W, each at least 16, are rounded up to a multiple of 4. By default it is CUT's, antialiased, with 9 blocks and
    11,378,179 parameters; with neither ``antialias`` (on the way down) nor ``antialias_up`` it is CycleGAN's.
    """

    multiple = 4  # two halvings

    def __init__(
        self,
        *,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,
        blocks: int = 9,
        antialias: bool = True,
        antialias_up: bool = True,
        dropout: bool = False,
    ) -> None:
        super().__init__()
        self.channels_in, self.channels_out = channels_in, channels_out
        self.blocks, self.antialias = blocks, antialias
        w, halving, doubling = (
            width,
            _blurred_down if antialias else _strided_down,
            _up if antialias_up else _strided_up,
        )
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_normalised(nn.Conv2d(channels_in, w, 7)),  # (N, w, H, W)
            *halving(w, 2 * w),  # (N, 2w, H/2, W/2)
            *halving(2 * w, 4 * w),  # (N, 4w, H/4, W/4)
            *(ResnetBlock(4 * w, dropout=dropout) for _ in range(blocks)),
            *doubling(4 * w, 2 * w),  # (N, 2w, H/2, W/2)
            *doubling(2 * w, w),  # (N, w, H, W)
            nn.ReflectionPad2d(3),
            nn.Conv2d(w, channels_out, 7),
            nn.Tanh(),
        )
        xavier(self)

    def layers(self) -> list[nn.Module]:
        return list(self.model)

    def default_taps(self) -> tuple[int, ...]:
        """Returns the taps at the padded picture, both down convolutions before their norm, the first and middle block.

        For CUT's 9 blocks these are the paper's (0, 4, 8, 12, 16), with receptive fields of 1, 9, 15, 35, 99 pixels.
        """
        second_down, first_block = (8, 12) if self.antialias else (7, 10)
        return tuple(sorted({0, 4, second_down, first_block, first_block + self.blocks // 2}))

    def tap_channels(self, taps: Sequence[int]) -> list[int]:
        channels, at = self.channels_in, []
        for layer in self.model:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                channels = layer.out_channels
            at.append(channels)
        return [at[tap] for tap in taps]


def _blurred_down(inside: int, outside: int) -> list[nn.Module]:
    return [*_normalised(nn.Conv2d(inside, outside, 3, padding=1)), BlurDown(outside)]


def _strided_down(inside: int, outside: int) -> list[nn.Module]:
    return _normalised(nn.Conv2d(inside, outside, 3, stride=2, padding=1))


def _up(inside: int, outside: int) -> list[nn.Module]:
    return [BlurUp(), *_normalised(nn.Conv2d(inside, outside, 3, padding=1))]


def _strided_up(inside: int, outside: int) -> list[nn.Module]:
    return _normalised(nn.ConvTranspose2d(inside, outside, 3, stride=2, padding=1, output_padding=1))


def _normalised(convolution: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [convolution, InstanceNorm(convolution.out_channels), nn.ReLU(inplace=True)]
