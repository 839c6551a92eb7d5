"""Watches over a run: stops it when it has diverged, and warns in a sentence when it goes wrong.

Every measure is computed from losses or from a few preview pictures, so that watching costs next to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from training.methods.watch import Watch

GRACE_IMAGES = 2000  # earlier, networks that began with random weights may show anything
# Translations into a domain of little contrast may differ a few times less than their sources. At ten times less they
# are one picture in all but detail. New generators begin near 0.05 and exceed the limit within the grace period.
COLLAPSED_DIVERSITY = 0.1
FALLEN_DIVERSITY = 0.25  # as a share of the highest that the run has had
# 6 of 255 levels, about what an eye notices between a picture and its copy.
IDENTITY_CHANGE = 0.05


class Diverged(Exception):
    """Raised when a loss, weight or translation is not finite; the text says which, as the beginning of a sentence."""


def check_losses(losses: Mapping[str, float], images_seen: int) -> None:
    """Raises Diverged when a loss is infinite or not a number."""
    for name, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(f"Training has diverged: the loss {name} is {value} after {images_seen} images")


def check_weights(networks: Mapping[str, Mapping[str, Tensor]], images_seen: int) -> None:
    """Raises Diverged when a weight in one of the state dicts is infinite or not a number."""
    for name, weights in networks.items():
        if not all_finite(weights.values()):
            raise Diverged(f"Training has diverged: weights of the {name} are not finite after {images_seen} images")


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Returns whether all values are finite, waiting for the device only once."""
    found = [tensor.isfinite().all() for tensor in tensors]
    return not found or bool(torch.stack(found).all())


def diversity(sources: Tensor, translated: Tensor) -> float | None:
    """Returns how much translations differ from each other, relative to their sources: 0 when all are one picture.

    It is the mean absolute difference over all pairs of translations (n, c, h, w), divided by that of their sources;
    None when the sources do not differ, for example because there is only one.
    """
    between = _pairwise(sources)
    return _pairwise(translated) / between if between > 0 else None


def change(sources: Tensor, translated: Tensor) -> float:
    """Returns the mean absolute difference that translation makes, in units of [-1, 1]; infinite when shapes differ."""
    return (sources - translated).abs().mean().item() if sources.shape == translated.shape else math.inf


def measures(sources: Tensor, translated: Tensor) -> dict[str, float]:
    """Returns ``diversity`` and ``change`` by name, each only if it is defined."""
    found = {"diversity": diversity(sources, translated), "change": change(sources, translated)}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def collapse(share: float | None, widest: float, watch: Watch) -> str | None:
    """Returns a warning when the translations are nearly one picture, or on the way to it; otherwise None.

    ``share``: their diversity; ``widest``: the highest so far. Diversity is measured in pixels and not in the encoder's
    features, whose instance normalisation exaggerates the little by which collapsed translations differ.
    """
    if share is None or share >= max(COLLAPSED_DIVERSITY, FALLEN_DIVERSITY * widest):
        return None
    fallen = f", after {widest:.1%}" if widest > COLLAPSED_DIVERSITY else ""
    return (
        f"the translations hardly differ from each other ({share:.1%} of how their sources do{fallen}): the generator "
        f"collapses to one picture; look at previews/ and begin a new run with {watch.against_collapse}"
    )


def identity(sources: Tensor, translated: Tensor, losses: Mapping[str, float], watch: Watch) -> str | None:
    """Returns a warning when the translations are nearly their sources, though the discriminator sees through them;
    otherwise None."""
    made, balance = change(sources, translated), watch.balance(losses)
    if made >= IDENTITY_CHANGE or not balance.sees_through:
        return None
    return (
        f"the translations are nearly their sources (mean change {made * 127.5:.1f} of 255 levels) though the "
        f"discriminator tells them from targets ({watch.generator_loss} {balance.generator:.2f}): training is stuck at "
        f"the identity; begin a new run with {watch.against_identity}"
    )


def outright(losses: Mapping[str, float], watch: Watch) -> str | None:
    """Returns a warning when the discriminator is right about everything, so that it teaches little; otherwise None."""
    balance = watch.balance(losses)
    if not balance.is_outright:
        return None
    told = f"{watch.real_loss} {balance.real:.3f}, {watch.fake_loss} {balance.fake:.3f}"
    return (
        f"the discriminator wins outright ({told}): the generator learns little from it; add target pictures, or begin "
        f"a new run with {watch.against_outright}"
    )


@dataclass
class Guard:
    """Gives each warning when its condition begins to hold, and again only if it has stopped holding in between."""

    watch: Watch
    grace_images: int = GRACE_IMAGES
    _widest: float = 0.0  # diversity
    _sums: dict[str, float] = field(default_factory=dict)
    _steps: int = 0
    _said: frozenset[str] = frozenset()

    def add(self, means: Mapping[str, float], steps: int) -> None:
        """Takes the losses' means over the given number of steps, those since the last call."""
        self._sums = {name: self._sums.get(name, 0.0) + mean * steps for name, mean in means.items()}
        self._steps += steps

    def look(self, images_seen: int, sources: Tensor, translated: Tensor) -> list[str]:
        """Returns new warnings, judged by these previews and the mean losses since the last look. Raises Diverged."""
        if not all_finite([translated]):
            raise Diverged(f"Training has diverged: the translations are not finite after {images_seen} images")
        losses = {name: total / self._steps for name, total in self._sums.items()}
        self._sums, self._steps = {}, 0
        if images_seen < self.grace_images:
            return []
        share = diversity(sources, translated)
        self._widest = max(self._widest, share or 0.0)
        found = {
            "collapse": collapse(share, self._widest, self.watch),
            "identity": identity(sources, translated, losses, self.watch),
            "outright": outright(losses, self.watch),
        }
        new = [text for name, text in found.items() if text and name not in self._said]
        self._said = frozenset(name for name, text in found.items() if text)
        return new


def _pairwise(pictures: Tensor) -> float:
    """Returns the mean absolute difference over all pairs; 0 for a single picture."""
    pairs = torch.combinations(torch.arange(len(pictures)))  # (n (n - 1) / 2, 2)
    if not len(pairs):
        return 0.0
    return (pictures[pairs[:, 0]] - pictures[pairs[:, 1]]).abs().mean().item()
