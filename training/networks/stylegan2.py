"""The generator and the discriminator of SinCUT, made of StyleGAN2's layers (CUT paper, section 4.3).

Parameters keep the published code's names, so that published weights fit key by key.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from training.computing.world import ALONE, World
from training.networks.equalised import ConvLayer, EqualConv, EqualLinear, ModulatedUp, ResidualBlock, StyledUp
from training.networks.generator import Generator

SMALL_BLOCKS = 2  # "smallstylegan2", which injects no noise
LAST_SIZE = 4  # pixels a side at which the discriminator stops halving


class StyleGAN2Generator(Generator):
    """Pictures (N, channels_in, H, W) in [-1, 1] to pictures around [-1, 1]; H and W are rounded down to the multiple.

    By default it is SinCUT's, with 3,068,404 parameters; ``blocks=2`` is the published "smallstylegan2". Channels
    follow from ``width`` and, as in StyleGAN2, from the size at which the network is trained. Noise is drawn from
    ``world``.
    """

    def __init__(
        self,
        *,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 10,
        blocks: int = 6,
        crop_size: int = 64,
        halvings: int = 1,
        world: World = ALONE,
    ) -> None:
        super().__init__()
        self.channels_in, self.channels_out, self.multiple = channels_in, channels_out, 2**halvings
        sizes = generator_channels(width, crop_size, halvings)  # from full size to the smallest
        deepest, halving, noise = sizes[-1], list(pairwise(sizes)), blocks > SMALL_BLOCKS
        self.encoder = _Stack(
            [
                nn.Identity(),
                ConvLayer(channels_in, sizes[0], 1),  # (N, sizes[0], H, W)
                *(ResidualBlock(large, small, halve=True) for large, small in halving),
                *(ResidualBlock(deepest, deepest) for _ in range(blocks // 2)),
            ]
        )
        self.decoder = _Stack(
            [
                *(ResidualBlock(deepest, deepest) for _ in range(blocks - blocks // 2)),
                *(StyledUp(small, large, noise=noise, world=world) for large, small in reversed(halving)),
                ConvLayer(sizes[0], channels_out, 1),
            ]
        )
        self._tap_channels = [channels_in, *sizes, *[deepest] * (blocks // 2)]

    def layers(self) -> list[nn.Module]:
        return [*self.encoder.convs, *self.decoder.convs]

    def default_taps(self) -> tuple[int, ...]:
        """Returns the taps at the picture, the first halving and the second block after it, if the encoder has them."""
        return tuple(tap for tap in (0, 2, 4) if tap < len(self.encoder.convs))

    def tap_channels(self, taps: Sequence[int]) -> list[int]:
        return [self._tap_channels[tap] for tap in taps]

    def exportable(self) -> nn.Module:
        return nn.Sequential(*_plain(self).layers(), nn.Hardtanh())


class StyleGAN2Discriminator(nn.Module):
    """Judges whole pictures: (N, channels, crop_size, crop_size) -> logits (N, 1).

    By default it is SinCUT's, with 5,885,473 parameters. Raises ValueError unless ``crop_size`` is a power of two of at
    least 8.
    """

    def __init__(self, *, channels: int = 3, width: int = 8, crop_size: int = 64) -> None:
        super().__init__()
        halvings = round(math.log2(crop_size / LAST_SIZE))
        if halvings < 1 or crop_size != LAST_SIZE * 2**halvings:
            raise ValueError(f"crop_size is {crop_size}, but must be a power of two of at least {2 * LAST_SIZE}")
        sizes = [_discriminator_channels(width, crop_size >> step) for step in range(halvings + 1)]
        self.convs = nn.Sequential(
            ConvLayer(channels, sizes[0], 1),
            *(ResidualBlock(large, small, halve=True) for large, small in pairwise(sizes)),
        )
        self.final_conv = ConvLayer(sizes[-1], sizes[-1], 3)  # (N, sizes[-1], 4, 4)
        self.final_linear = nn.Sequential(
            EqualLinear(sizes[-1] * LAST_SIZE**2, sizes[-1], activate=True), EqualLinear(sizes[-1], 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.final_linear(self.final_conv(self.convs(x)).flatten(1))


def generator_channels(width: int, crop_size: int, halvings: int = 1) -> list[int]:
    """Returns the channels at full size, half of it, ...: width / 32 * 16384 / size, below size 64 at most 512."""
    size = 2 ** round(math.log2(crop_size))
    counts = []
    for step in range(halvings + 1):
        count = max(1, round(width / 32 * 16384 / (size / 2**step)))
        counts.append(count if size >> step >= 64 else min(512, count))
    return counts


def _discriminator_channels(width: int, size: int) -> int:
    count = max(1, int(width / 64 * 16384 / size))
    return count if size >= 64 else min(384, count)


class _Stack(nn.Module):
    """Holds layers under the published name ``convs``."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.convs = nn.Sequential(*layers)


def _plain(generator: StyleGAN2Generator) -> StyleGAN2Generator:
    """Returns a copy in evaluation mode that computes nothing about its weights at run time."""
    generator = copy.deepcopy(generator).eval()
    for module in list(generator.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, EqualConv | ModulatedUp):
                setattr(module, name, child.plain())
    return generator
