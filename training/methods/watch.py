"""What is watched while a method trains: where its adversaries stand, and what to advise when a run goes wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """From where the adversarial losses say that the discriminator is certain.

    ``unfooled``: at least this is the generator's loss, and at most ``certain_fake`` the discriminator's on fakes.
    ``outright``: both halves of the discriminator's loss are below it, a fifth of what they are at a balance.
    """

    unfooled: float
    certain_fake: float
    outright: float


# By the names of training.losses.ADVERSARIAL.
LIMITS = {
    "lsgan": Limits(unfooled=0.8, certain_fake=0.1, outright=0.05),  # at a balance 0.25, fakes told with certainty 1
    "nonsaturating": Limits(unfooled=2.0, certain_fake=0.15, outright=0.14),  # balance log 2; certainty has no bound
}


@dataclass(frozen=True)
class Balance:
    """Where generator and discriminator stand, by their mean losses; what is infinite is not known."""

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
        """Read from mean losses by name; a loss that is not there is infinite."""
        names = (self.generator_loss, self.real_loss, self.fake_loss)
        generator, real, fake = (losses.get(name, math.inf) for name in names)
        return Balance(generator, real, fake, self.limits, self.weight)
