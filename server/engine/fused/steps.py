"""A network as steps on a GPU: convolutions, and what lies between two of them as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from server.engine.network.operations import Convolution, Normalisation, Pad, TransposedConvolution


class Activation(IntEnum):
    """The activations, as the kernels number them. ReLU is leaky with a slope of 0."""

    LINEAR = 0
    LEAKY = 1
    TANH = 2


@dataclass(frozen=True)
class Taps:
    """A small convolution without padding that is the same for every channel: float32, kernel height x width."""

    weights: NDArray[np.float32]
    strides: tuple[int, int]


@dataclass(frozen=True)
class Upsampling:
    """Enlarges by these factors of height and width: bilinear with half-pixel centres if ``is_smooth``, otherwise by
    repeating pixels."""

    factors: tuple[int, int]
    is_smooth: bool


@dataclass(frozen=True)
class BufferPlace:
    """Where a value lies: within the picture that is stored as ``buffer``, from the pixel in this row and column on."""

    buffer: str
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class FusedView:
    """A picture that is not stored but computed whenever it is read, from the layer ``value``, which lies at ``place``.

    In this order: the statistics of the layer ``norm`` are applied, then the activation; ``residual`` is added; the
    border ``inner`` is put around it; it is sampled; and the border ``outer`` is put around that.
    """

    value: str
    place: BufferPlace
    norm: str | None = None
    activation: Activation = Activation.LINEAR
    slope: float = 0.0
    residual: BufferPlace | None = None
    inner: Pad | None = None
    sampling: Taps | Upsampling | None = None
    outer: Pad | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is done to the value, which may be a part of what is stored."""
        return self == FusedView(self.value, self.place)

    @property
    def is_itself(self) -> bool:
        """Whether it is all of what is stored, and nothing is done to it."""
        return self == FusedView(self.value, BufferPlace(self.place.buffer)) and self.value == self.place.buffer


@dataclass(frozen=True)
class Receive:
    """Stores the caller's picture as ``buffer``."""

    buffer: str


@dataclass(frozen=True)
class Measure:
    """Takes the statistics of what is stored as ``source``, for the layer ``norm``."""

    norm: str
    source: str
    operation: Normalisation


@dataclass(frozen=True)
class Materialise:
    """Stores what the view shows as ``buffer``."""

    view: FusedView
    buffer: str


@dataclass(frozen=True)
class Convolve:
    """Convolves what the view shows, which has the size of the layer ``seen``, and stores the result as ``buffer``."""

    view: FusedView
    seen: str
    operation: Convolution | TransposedConvolution
    buffer: str


@dataclass(frozen=True)
class Deliver:
    """Gives what the view shows, which has a norm and an activation at most, to the caller as the result."""

    view: FusedView


Step = Receive | Measure | Materialise | Convolve | Deliver


def read_by(step: Step) -> set[str]:
    """The names of the buffers that the step reads."""
    match step:
        case Measure():
            return {step.source}
        case Materialise() | Convolve() | Deliver():
            places = [step.view.place, step.view.residual]
            return {place.buffer for place in places if place is not None}
    return set()


def written_by(step: Step) -> str | None:
    """The name of the buffer that the step writes, if it writes one."""
    return step.buffer if isinstance(step, Receive | Materialise | Convolve) else None
