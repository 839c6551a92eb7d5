"""A network as steps on a GPU: convolutions, and what lies between two of them as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from server.engine.network.operations import Convolution, Normalisation, Pad, TransposedConvolution


class Activation(IntEnum):
    """As the kernels number them. ReLU is leaky with a slope of 0."""

    LINEAR = 0
    LEAKY = 1
    TANH = 2


@dataclass(frozen=True)
class Taps:
    """A small convolution that is the same for every channel: kernel height x width, float32, without padding."""

    weights: NDArray[np.float32]
    strides: tuple[int, int]


@dataclass(frozen=True)
class Growth:
    """So many times as high and as wide: ``is_smooth`` is bilinear with half-pixel centres, otherwise every pixel is
    repeated."""

    factors: tuple[int, int]
    is_smooth: bool


@dataclass(frozen=True)
class BufferPlace:
    """Where a value lies: within what is stored as ``buffer``, from this pixel on."""

    buffer: str
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class FusedView:
    """A value that is computed whenever it is read: of the layer ``value``, which lies in a place, and then, in this
    order, what the other fields launch. ``norm`` names the layer whose statistics are applied."""

    value: str
    place: BufferPlace
    norm: str | None = None
    activation: Activation = Activation.LINEAR
    slope: float = 0.0
    residual: BufferPlace | None = None
    inner: Pad | None = None
    sampling: Taps | Growth | None = None
    outer: Pad | None = None

    @property
    def is_plain(self) -> bool:
        return self == FusedView(self.value, self.place)

    @property
    def is_itself(self) -> bool:
        """All of what is stored, and nothing is to be done with it."""
        return self == FusedView(self.value, BufferPlace(self.place.buffer)) and self.value == self.place.buffer


@dataclass(frozen=True)
class Receive:
    """The picture is stored as ``buffer``."""

    buffer: str


@dataclass(frozen=True)
class Measure:
    """The statistics of what is stored as ``source`` are taken for the layer ``norm``."""

    norm: str
    source: str
    operation: Normalisation


@dataclass(frozen=True)
class Materialise:
    """What the view shows is stored as ``buffer``."""

    view: FusedView
    buffer: str


@dataclass(frozen=True)
class Convolve:
    """What the view shows, of the size of the layer ``seen``, is convolved and stored as ``buffer``."""

    view: FusedView
    seen: str
    operation: Convolution | TransposedConvolution
    buffer: str


@dataclass(frozen=True)
class Deliver:
    """What the view shows (a norm and an activation at most) is the result."""

    view: FusedView


Step = Receive | Measure | Materialise | Convolve | Deliver


def read_by(step: Step) -> set[str]:
    """The buffers that the step reads."""
    match step:
        case Measure():
            return {step.source}
        case Materialise() | Convolve() | Deliver():
            places = [step.view.place, step.view.residual]
            return {place.buffer for place in places if place is not None}
    return set()


def written_by(step: Step) -> str | None:
    """The buffer that the step writes."""
    return step.buffer if isinstance(step, Receive | Materialise | Convolve) else None
