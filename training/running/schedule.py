"""How long a run is and how the learning rate falls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearDecay:
    """A rate that is constant for ``constant`` units (epochs or images), then falls linearly over ``decay`` units."""

    constant: int
    decay: int

    def factor(self, unit: int) -> float:
        """Returns what to multiply the learning rate by in this unit, counted from 1."""
        return 1.0 - max(0, unit - self.constant) / (self.decay + 1)

    @classmethod
    def split(cls, total: int, decay_share: float) -> LinearDecay:
        """Returns a decay over ``total`` units, in the last ``decay_share`` (0 to 1) of which the rate falls."""
        decay = round(total * decay_share)
        return cls(constant=total - decay, decay=decay)


@dataclass(frozen=True)
class Length:
    """How many images a run has, and in which unit its learning rate falls.

    A run given in epochs decays by the epoch, as the paper's do; a run given in images decays by the image, because it
    may be shorter than an epoch.
    """

    images: int
    images_per_unit: int
    decay: LinearDecay

    @classmethod
    def of(cls, *, epochs: int | None, images: int | None, epoch_images: int, decay_share: float) -> Length:
        """Returns the length in ``images`` if that is given, else in ``epochs`` of ``epoch_images`` each."""
        if images is not None:
            return cls(images, 1, LinearDecay.split(images, decay_share))
        assert epochs is not None
        return cls(epochs * epoch_images, epoch_images, LinearDecay.split(epochs, decay_share))

    def factor(self, images_seen: int) -> float:
        """Returns the learning rate's factor for the step after ``images_seen`` images."""
        return self.decay.factor(1 + images_seen // self.images_per_unit)
