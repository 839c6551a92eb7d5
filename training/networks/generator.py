"""The interface of every generator to training, export and conversion."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class Generator(nn.Module, ABC):
    """Turns pictures (N, channels_in, H, W) into (N, channels_out, H, W); H and W should be multiples of ``multiple``.

    A tap is the position of a layer in ``layers()``: PatchNCE compares the output of that layer.
    """

    channels_in: int
    channels_out: int
    multiple: int

    @abstractmethod
    def layers(self) -> list[nn.Module]:
        """Returns the network's layers, in the order in which they are applied."""

    @abstractmethod
    def default_taps(self) -> tuple[int, ...]:
        """Returns the taps that PatchNCE compares by default, ascending."""

    @abstractmethod
    def tap_channels(self, taps: Sequence[int]) -> list[int]:
        """Returns the number of channels of each tap's output."""

    def exportable(self) -> nn.Module:
        """Returns a deterministic copy for inference, made of plain operations, with values in [-1, 1]."""
        return copy.deepcopy(self).eval()

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers():
            x = layer(x)
        return x

    def translate(self, x: Tensor, taps: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
        """Returns the translation of x and, from the same pass, the output of every tap (ascending)."""
        return _tapped(self.layers(), x, taps)

    def encode(self, x: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """Returns the output of every tap (ascending), computing no layer after the last tap."""
        return _tapped(self.layers()[: max(taps) + 1], x, taps)[1]


def _tapped(layers: Sequence[nn.Module], x: Tensor, taps: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
    features = []
    for position, layer in enumerate(layers):
        x = layer(x)
        if position in taps:
            following = layers[position + 1] if position + 1 < len(layers) else None
            # A following ReLU that works in place would change the tap's output.
            features.append(x.clone() if getattr(following, "inplace", False) else x)
    return x, features
