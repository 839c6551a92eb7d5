"""CUT and FastCUT: one adversarial step and one PatchNCE step (paper, section 3; equations 1 to 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.config import FitConfig
from training.losses import ADVERSARIAL, patch_nce
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetGenerator, default_taps

# How many positions a feature map has -> which of them PatchNCE compares.
PatchSampler = Callable[[int], Tensor]


@dataclass(frozen=True)
class Forward:
    """One pass of the generator: the translation, and with the identity loss the target pictures' own translation."""

    translated: Tensor  # G(x), (N, 3, H, W); mirrored when ``mirrored``
    identity: Tensor | None  # G(y)
    source_features: list[Tensor]  # G_enc(x), not mirrored, detached: PatchNCE's keys
    target_features: list[Tensor]  # G_enc(y), detached; empty without the identity loss
    mirrored: bool


class Cut:
    """The networks, their optimisers and one training step."""

    def __init__(self, config: FitConfig, device: torch.device) -> None:
        self.config = config
        self.taps = default_taps(config.blocks)
        self.generator = ResnetGenerator(width=config.width, blocks=config.blocks).to(device)
        self.discriminator = PatchGAN(width=config.discriminator_width).to(device)
        self.head = ProjectionHead(self.generator.tap_channels(self.taps), width=config.head_width).to(device)
        self.adversarial = ADVERSARIAL[config.adversarial]
        self.sample_patches: PatchSampler = lambda positions: torch.randperm(positions, device=device)[: config.patches]
        self.optimisers = {name: self._adam(network) for name, network in self.networks.items()}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator, "head": self.head}

    def _adam(self, network: nn.Module) -> torch.optim.Optimizer:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(network.parameters(), lr=self.config.learning_rate, betas=betas)

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The discriminator's step, then the generator's and the head's against the discriminator just improved."""
        mirror = self.config.flip_equivariance and bool(torch.rand(()) < 0.5)
        forward = self.forward(source, target, mirror=mirror)

        discriminator_losses = self.discriminator_losses(forward, target)
        self._descend(["discriminator"], (discriminator_losses["D_real"] + discriminator_losses["D_fake"]) / 2)

        self.discriminator.requires_grad_(False)
        generator_losses = self.generator_losses(forward)
        self._descend(["generator", "head"], generator_losses["G"])
        self.discriminator.requires_grad_(True)
        return {name: loss.detach() for name, loss in {**generator_losses, **discriminator_losses}.items()}

    def _descend(self, names: Sequence[str], loss: Tensor) -> None:
        for name in names:
            self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        for name in names:
            self.optimisers[name].step()

    @torch.no_grad()
    def translate(self, source: Tensor) -> Tensor:
        return self.generator(source)

    def forward(self, source: Tensor, target: Tensor, *, mirror: bool) -> Forward:
        """``mirror`` is FlipEQ's draw: the generator sees the source mirrored, the keys come from the source itself."""
        pictures = source.flip(-1) if mirror else source
        if self.config.identity:
            pictures = torch.cat([pictures, target])
        outputs, features = self.generator.translate(pictures, self.taps)
        # Keys carry no gradient (the encoder learns through the query alone), so the maps that the translating pass
        # made anyway serve as keys. Mirrored maps do not: subsampling is not symmetric.
        features = [feature.detach() for feature in features]
        n = len(source)
        if mirror:
            with torch.no_grad():
                source_features = self.generator.encode(source, self.taps)
        else:
            source_features = [feature[:n] for feature in features]
        identity, target_features = None, []
        if self.config.identity:
            identity, target_features = outputs[n:], [feature[n:] for feature in features]
        return Forward(outputs[:n], identity, source_features, target_features, mirror)

    def discriminator_losses(self, forward: Forward, target: Tensor) -> dict[str, Tensor]:
        """Real and fake, unweighted (paper, equation 1)."""
        n = len(target)
        prediction = self.discriminator(torch.cat([target, forward.translated.detach()]))
        return {
            "D_real": self.adversarial(prediction[:n], True).mean(),
            "D_fake": self.adversarial(prediction[n:], False).mean(),
        }

    def generator_losses(self, forward: Forward) -> dict[str, Tensor]:
        """``G_GAN``, ``NCE`` and ``NCE_identity`` with their weights, and their sum ``G`` (paper, equation 6)."""
        prediction = self.discriminator(forward.translated)
        losses = {"G_GAN": self.config.gan_weight * self.adversarial(prediction, True).mean()}
        outputs = forward.translated if forward.identity is None else torch.cat([forward.translated, forward.identity])
        queries = self.generator.encode(outputs, self.taps)
        n = len(forward.translated)
        source_queries = [query[:n] for query in queries]
        if forward.mirrored:
            source_queries = [query.flip(-1) for query in source_queries]
        losses["NCE"] = nce = self._nce(source_queries, forward.source_features)
        if forward.identity is not None:
            losses["NCE_identity"] = self._nce([query[n:] for query in queries], forward.target_features)
            nce = (nce + losses["NCE_identity"]) / 2
        losses["G"] = losses["G_GAN"] + nce
        return losses

    def _nce(self, queries: Sequence[Tensor], keys: Sequence[Tensor]) -> Tensor:
        """PatchNCE averaged over the taps, weighted (paper, equation 5). Features are (N, C, H, W), one per tap."""
        positions = [self.sample_patches(key.shape[2] * key.shape[3]) for key in keys]
        with torch.no_grad():
            key_vectors = self.head(keys, positions)
        query_vectors = self.head(queries, positions)
        losses = [
            patch_nce(query, key, self.config.temperature).mean()
            for query, key in zip(query_vectors, key_vectors, strict=True)
        ]
        return self.config.nce_weight * torch.stack(losses).mean()
