"""What the kernels compute with: pictures, views and norms with their addresses in the GPU's memory."""

from __future__ import annotations

from dataclasses import dataclass

from server.engine.fused.steps import FusedView
from server.engine.network.network import Size

MOST_BLOCKS = 1024
"""How many blocks at most measure a picture; each leaves the statistics of its part for each channel."""

PART_BYTES = 12
"""Bytes of such a part: a count, a mean and a sum of squares in float32."""

_LEAST_PIXELS = 64  # for each block


@dataclass(frozen=True)
class StoredPicture:
    """A picture in the GPU's memory, channels last. It begins with the pixel ``first`` of what lies at ``address``,
    whose rows are ``pitch`` pixels wide."""

    address: int
    pitch: int
    first: int = 0


@dataclass(frozen=True)
class Norm:
    """What normalises, x * factor + offset: the addresses of one float32 of each for each channel."""

    factor: int
    offset: int


@dataclass(frozen=True)
class BoundView:
    """A view with the addresses of what it reads. ``size`` is its source's, ``sampled`` what it shows without the outer
    border, ``width`` is that with it, and ``taps`` is the address of the weights of its taps."""

    view: FusedView
    source: StoredPicture
    residual: StoredPicture | None
    norm: Norm | None
    size: Size
    sampled: Size
    width: int
    taps: int


@dataclass(frozen=True)
class Measurement:
    """The measurement of one norm over a picture of ``pixels`` pixels in ``bands`` bands. ``parts`` is the address of
    room for MOST_BLOCKS parts for each channel."""

    norm: Norm
    parts: int
    channels: int
    pixels: int
    bands: int

    @property
    def blocks(self) -> int:
        """How many blocks measure each band."""
        return max(min(self.pixels // self.bands // _LEAST_PIXELS, MOST_BLOCKS // self.bands), 1)
