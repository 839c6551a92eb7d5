"""CUT, FastCUT and SinCUT: one adversarial step and one PatchNCE step (paper, sections 3 and 5; equations 1 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.computing.precision import Precision
from training.computing.world import ALONE, World
from training.config import FitConfig
from training.losses import ADVERSARIAL, r1_penalty
from training.methods.cut.contrast import PatchContrast
from training.methods.cut.options import CutOptions
from training.methods.cut.taps import chosen_taps
from training.methods.descent import Descent, translate
from training.methods.networks import build_discriminator, build_generator
from training.networks.generator import Generator

SOURCE, TARGET = "source", "target"
GENERATOR, DISCRIMINATOR = "generator", "discriminator"  # as checkpoints call them


@dataclass(frozen=True)
class Forward:
    """One pass of the generator: the translation, and with an identity loss that of the target pictures too."""

    translated: Tensor  # G(x), (N, C, H, W); mirrored when ``mirrored``
    identity: Tensor | None  # G(y)
    source_features: list[Tensor]  # PatchNCE's keys of x, not mirrored, detached
    target_features: list[Tensor]  # PatchNCE's keys of y, detached; empty without identity PatchNCE
    mirrored: bool


class Cut:
    """The networks, their optimisers and one training step. FastCUT and SinCUT have other options and networks."""

    def __init__(
        self, config: FitConfig, device: torch.device, world: World = ALONE, precision: Precision | None = None
    ) -> None:
        self.config, self.options = config, CutOptions.of(config)
        self.precision = precision or Precision.choose(config, device)
        self.generator = self.precision.prepared(build_generator(config, world))
        self.discriminator = self.precision.prepared(build_discriminator(config))
        self.adversarial = ADVERSARIAL[self.options.adversarial]
        banks = (SOURCE, TARGET) if self.options.identity else (SOURCE,)
        taps = chosen_taps(self.options.taps, self.generator)
        self.contrast = PatchContrast(self.options, self.generator, taps, banks, world)
        self.descent = Descent(config, self.precision, self.trained, world)
        self._forward = self.precision.compiled(self.forward)
        self._discriminator_losses = self.precision.compiled(self.discriminator_losses)
        self._generator_losses = self.precision.compiled(self.generator_losses)

    @property
    def generators(self) -> Mapping[str, Generator]:
        return {GENERATOR: self.generator}

    @property
    def trained(self) -> Mapping[str, nn.Module]:
        """The networks that learn, each with an optimiser of its own."""
        return {GENERATOR: self.generator, DISCRIMINATOR: self.discriminator, **self.contrast.trained}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {**self.trained, **self.contrast.followers}

    @property
    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        return self.descent.optimisers

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Improves the discriminator, then generator and head against it. Returns the losses, detached, by name."""
        mirror = self.options.flip_equivariance and bool(torch.rand(()) < 0.5)
        source, target = (self.precision.laid_out(pictures) for pictures in (source, target))
        with self.precision.autocast():
            forward = self._forward(source, target, mirror=mirror)
            discriminator_losses = self._discriminator_losses(forward, target)
        self.descent.down(discriminator_losses["D"], [DISCRIMINATOR])

        self.discriminator.requires_grad_(False)
        with self.precision.autocast():
            generator_losses = self._generator_losses(forward, target)
        self.descent.down(generator_losses["G"], [GENERATOR, *self.contrast.trained])
        self.discriminator.requires_grad_(True)
        self.contrast.after_step()
        return {name: loss.detach() for name, loss in {**generator_losses, **discriminator_losses}.items()}

    def translate(self, source: Tensor) -> Tensor:
        return translate(self.generator, source)

    def forward(self, source: Tensor, target: Tensor, *, mirror: bool) -> Forward:
        """Runs the generator. ``mirror`` is FlipEQ's draw: the source is translated mirrored, but keys are made of the
        source itself."""
        pictures = source.flip(-1) if mirror else source
        n, identity = len(source), self.options.identity or self.options.l1_identity_weight > 0
        if identity:
            pictures = torch.cat([pictures, target])
        outputs, features = self.generator.translate(pictures, self.contrast.taps)
        # Keys carry no gradient (the encoder learns through the query alone), so the maps that the translating pass
        # made anyway serve as keys. Mirrored maps cannot, because subsampling is not symmetric.
        reusable = [feature.detach() for feature in features] if self.contrast.keys_are_the_generators else None
        if reusable is None or mirror:
            source_features = self.contrast.key_features(source)
        else:
            source_features = [feature[:n] for feature in reusable]
        target_features: list[Tensor] = []
        if self.options.identity:
            target_features = [f[n:] for f in reusable] if reusable else self.contrast.key_features(target)
        return Forward(outputs[:n], outputs[n:] if identity else None, source_features, target_features, mirror)

    def discriminator_losses(self, forward: Forward, target: Tensor) -> dict[str, Tensor]:
        """Returns ``D_real`` and ``D_fake``, unweighted (paper, equation 1), ``R1`` with its weight, and ``D``, the
        mean of the first two plus ``R1``."""
        n = len(target)
        prediction = self.discriminator(torch.cat([target, forward.translated.detach()])).to(target.dtype)
        losses = {
            "D_real": self.adversarial(prediction[:n], True).mean(),
            "D_fake": self.adversarial(prediction[n:], False).mean(),
        }
        losses["D"] = (losses["D_real"] + losses["D_fake"]) / 2
        if self.options.r1_weight:
            with torch.autocast(target.device.type, enabled=False):
                penalty = r1_penalty(self.discriminator, target).mean()
            losses["R1"] = self.options.r1_weight / 2 * penalty
            losses["D"] = losses["D"] + losses["R1"]
        return losses

    def generator_losses(self, forward: Forward, target: Tensor) -> dict[str, Tensor]:
        """Returns ``G_GAN``, ``NCE``, ``NCE_identity`` and ``L1_identity`` with their weights, and their sum ``G``.

        Paper, equation 6; in the sum the two PatchNCE losses are averaged, as in the published code.
        """
        options = self.options
        prediction = self.discriminator(forward.translated).to(target.dtype)
        losses = {"G_GAN": options.gan_weight * self.adversarial(prediction, True).mean()}
        outputs, n = forward.translated, len(forward.translated)
        if options.identity and forward.identity is not None:
            outputs = torch.cat([outputs, forward.identity])
        queries = self.contrast.query_features(outputs)
        source_queries = [query[:n] for query in queries]
        if forward.mirrored:
            source_queries = [query.flip(-1) for query in source_queries]
        nce = self.contrast.loss(source_queries, forward.source_features, SOURCE)
        losses["NCE"] = nce = options.nce_weight * nce
        if options.identity:
            identity = self.contrast.loss([query[n:] for query in queries], forward.target_features, TARGET)
            losses["NCE_identity"] = options.nce_weight * identity
            share = options.identity_weight
            nce = (nce + share * losses["NCE_identity"]) / (1 + share)
        losses["G"] = losses["G_GAN"] + nce
        if forward.identity is not None and options.l1_identity_weight:
            losses["L1_identity"] = options.l1_identity_weight * F.l1_loss(forward.identity.to(target.dtype), target)
            losses["G"] = losses["G"] + losses["L1_identity"]
        return losses
