"""Negatives from earlier pictures: a momentum copy of encoder and head, and a queue of the keys that it made."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class KeyBank(nn.Module):
    """The last ``size`` keys of every tap, unit vectors of the given widths (paper, supplement; He et al., CVPR 2020).

    It is a module without parameters, so that checkpoints include it.
    """

    def __init__(self, widths: Sequence[int], size: int) -> None:
        super().__init__()
        for tap, width in enumerate(widths):
            self.register_buffer(f"keys_{tap}", torch.zeros(size, width))
        self.register_buffer("added", torch.zeros(len(widths), dtype=torch.long))
        self.size = size

    def keys(self, tap: int) -> tuple[Tensor, Tensor]:
        """Returns the tap's keys (size, width), and which of these places are filled already (size,)."""
        keys = self.get_buffer(f"keys_{tap}")
        return keys, torch.arange(self.size, device=keys.device) < self.get_buffer("added")[tap]

    @torch.no_grad()
    def add(self, tap: int, keys: Tensor) -> None:
        """Replaces the tap's oldest keys by these (n, width), at most the last ``size``. Never waits for a GPU."""
        keys = keys[-self.size :]
        added = self.get_buffer("added")
        places = (added[tap] + torch.arange(len(keys), device=keys.device)) % self.size
        stored = self.get_buffer(f"keys_{tap}")
        stored.index_copy_(0, places, keys.to(stored.dtype))
        added[tap] += len(keys)


@torch.no_grad()
def follow(copy: nn.Module, network: nn.Module, momentum: float) -> None:
    """Moves the copy's weights towards the network's: momentum * copy + (1 - momentum) * network, in place."""
    pairs = zip(copy.parameters(), network.parameters(), strict=True)
    for slow, fast in pairs:
        slow.lerp_(fast, 1 - momentum)
