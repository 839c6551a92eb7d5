"""What the guard knows about a method: where its adversaries stand, and what to advise when a run goes wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The adversarial losses at which the discriminator counts as certain.

    It sees through fakes when the generator's loss is at least ``unfooled`` and its own on fakes at most
    ``certain_fake``. It wins outright when both halves of its loss are below ``outright``, a fifth of their values at a
    balance.
    """

    unfooled: float
    certain_fake: float
    outright: float


# Keys are those of training.losses.ADVERSARIAL.
LIMITS = {
    "lsgan": Limits(unfooled=0.8, certain_fake=0.1, outright=0.05),  # at a balance 0.25, fakes told with certainty 1
    "nonsaturating": Limits(unfooled=2.0, certain_fake=0.15, outright=0.14),  # balance log 2; certainty has no bound
}


@dataclass(frozen=True)
class Balance:
    """Where generator and discriminator stand, judged by their mean losses; an infinite loss is unknown."""

    generator: float  # with its weight
    real: float
    fake: float
    limits: Limits
    weight: float = 1.0  # of the generator's adversarial loss

    @property
    def sees_through(self) -> bool:
        """Whether the discriminator is certain that translations are not target pictures."""
        unfooled = math.isfinite(self.generator) and self.generator >= self.limits.unfooled * self.weight > 0
        return unfooled and self.fake <= self.limits.certain_fake

    @property
    def is_outright(self) -> bool:
        """Whether the discriminator is right about everything."""
        return self.real < self.limits.outright and self.fake < self.limits.outright


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How to read a run's losses, and which options to advise, as the ends of sentences "begin a new run with ...".

    The losses' names are those that the method's step returns; a method without adversaries keeps the defaults.
    """

    limits: Limits = LIMITS["lsgan"]
    generator_loss: str = "G_GAN"
    real_loss: str = "D_real"
    fake_loss: str = "D_fake"
    weight: float = 1.0  # of the generator's adversarial loss
    against_collapse: str = "a lower --learning-rate"
    against_identity: str = "a larger weight of the adversarial loss"
    against_outright: str = "a lower --learning-rate"

    def balance(self, losses: Mapping[str, float]) -> Balance:
        """Returns the balance that the mean losses, given by name, show; a missing loss counts as infinite."""
        names = (self.generator_loss, self.real_loss, self.fake_loss)
        generator, real, fake = (losses.get(name, math.inf) for name in names)
        return Balance(generator, real, fake, self.limits, self.weight)
