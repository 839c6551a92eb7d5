"""What PatchNCE compares: which encoder and head make queries and keys, and where negatives come from.

A query is a patch of the translation, its key the same patch of the original (paper, section 3.2). Keys carry no
gradient. With a bank, keys come from slowly moving copies of encoder and head.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.computing.world import ALONE, World
from training.data.channels import as_channels
from training.losses import patch_nce, patch_nce_with_bank
from training.methods.cut.bank import KeyBank, follow
from training.methods.cut.options import CutOptions
from training.networks.generator import Generator
from training.networks.projection import ProjectionHead

# How many positions a feature map has -> which of them PatchNCE compares.
PatchSampler = Callable[[int], Tensor]


class PatchContrast:
    """PatchNCE over the taps of an encoder. ``banks`` names the domains that keep a bank each, when one is used."""

    def __init__(
        self,
        options: CutOptions,
        generator: Generator,
        taps: Sequence[int],
        banks: Sequence[str],
        world: World = ALONE,
    ) -> None:
        device = next(generator.parameters()).device
        self.options, self.world = options, world
        self.taps = tuple(taps)
        channels = generator.tap_channels(self.taps)
        self.encoder = copy.deepcopy(generator) if options.encoder == "separate" else generator
        self.separate = {"encoder": self.encoder} if options.encoder == "separate" else {}
        self.head = ProjectionHead(channels, width=options.head_width).to(device) if options.head else None
        count = options.patches
        self.sample_patches: PatchSampler = lambda positions: torch.randperm(positions, device=device)[:count]
        self.momentum: dict[str, nn.Module] = {}
        self.key_encoder = self.encoder
        self.banks: dict[str, KeyBank] = {}
        self._fresh: list[tuple[str, int, Tensor]] = []  # keys of this step: domain, tap, vectors
        self._followed = {"encoder": self.encoder, **({"head": self.head} if self.head else {})}
        if options.negatives in ("bank", "image+bank"):
            self.momentum = {
                name: copy.deepcopy(network).requires_grad_(False) for name, network in self._followed.items()
            }
            self.key_encoder = cast(Generator, self.momentum["encoder"])
            widths = [options.head_width] * len(channels) if self.head else channels
            self.banks = {domain: KeyBank(widths, options.bank_size).to(device) for domain in banks}

    @property
    def trained(self) -> Mapping[str, nn.Module]:
        """The networks that learn beside the generator: ``head``, and ``encoder`` when it is separate."""
        return {**self.separate, **({"head": self.head} if self.head else {})}

    @property
    def followers(self) -> Mapping[str, nn.Module]:
        """What a checkpoint must hold besides the networks that learn: momentum copies and banks."""
        copies = {f"momentum_{name}": network for name, network in self.momentum.items()}
        return {**copies, **{f"bank_{domain}": bank for domain, bank in self.banks.items()}}

    @property
    def keys_are_the_generators(self) -> bool:
        """Whether the feature maps that the translating pass makes can serve as keys."""
        return not self.momentum and not self.separate

    @torch.no_grad()
    def key_features(self, pictures: Tensor) -> list[Tensor]:
        """Returns the feature maps of pictures (N, C, H, W) for keys, one per tap, without gradients."""
        return self.key_encoder.encode(pictures, self.taps)

    def query_features(self, pictures: Tensor) -> list[Tensor]:
        """Returns the feature maps of pictures (N, C, H, W) for queries, one per tap, with gradients.

        The encoder is made for source pictures, so pictures are converted to their number of channels.
        """
        return self.encoder.encode(as_channels(pictures, self.encoder.channels_in), self.taps)

    def loss(self, queries: Sequence[Tensor], keys: Sequence[Tensor], domain: str) -> Tensor:
        """Returns PatchNCE averaged over the taps, unweighted (paper, equation 5). Maps are (N, C, H, W), one per tap.

        All pictures are compared at the same positions. Vectors and logits are float32: bfloat16's few digits are too
        coarse for similarities that are divided by the temperature.
        """
        positions = [self.sample_patches(key.shape[2] * key.shape[3]) for key in keys]
        with torch.autocast(keys[0].device.type, enabled=False):
            with torch.no_grad():
                key_vectors = _vectors(self.momentum.get("head", self.head), keys, positions)
            query_vectors = _vectors(self.head, queries, positions)
            losses = [
                self._tap_loss(tap, query, key, domain).mean()
                for tap, (query, key) in enumerate(zip(query_vectors, key_vectors, strict=True))
            ]
            return torch.stack(losses).mean()

    def _tap_loss(self, tap: int, query: Tensor, key: Tensor, domain: str) -> Tensor:
        temperature = self.options.temperature
        if self.options.negatives == "image":
            return patch_nce(query, key, temperature)
        everyone = self.world.gather(key)  # (N over all processes, patches, width)
        if self.options.negatives == "minibatch":
            joint, first = everyone.flatten(0, 1)[None], self.world.rank * query[:, :, 0].numel()
            return patch_nce(query.flatten(0, 1)[None], joint, temperature, first=first)
        self._fresh.append((domain, tap, everyone.flatten(0, 1)))
        bank, stored = self.banks[domain].keys(tap)
        internal = self.options.negatives == "image+bank"
        return patch_nce_with_bank(query, key, bank, stored, temperature, internal=internal)

    def after_step(self) -> None:
        """Lets the momentum copies follow, and adds this step's keys to the banks. The backward pass, which needs both
        as they were, must be over."""
        for name, network in self.momentum.items():
            follow(network, self._followed[name], self.options.momentum)
        for domain, tap, keys in self._fresh:
            self.banks[domain].add(tap, keys)
        self._fresh.clear()


def _vectors(head: nn.Module | None, features: Sequence[Tensor], positions: Sequence[Tensor]) -> list[Tensor]:
    """Returns unit vectors (N, P, width) of the maps' patches; without a head, they are made of the maps' channels."""
    if head is not None:
        return head(features, positions)
    return [
        F.normalize(feature.flatten(2).index_select(2, position).transpose(1, 2).float(), dim=-1, eps=1e-7)
        for feature, position in zip(features, positions, strict=True)
    ]
