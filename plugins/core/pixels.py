"""Pixels on their way between an editor and the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..client import SAMPLE_BYTES
from ..client.messages import Channels, PixelFormat
from ..client.wire import Buffer
from .area import Area


@dataclass(frozen=True)
class WireFormat:
    """How pixels are transmitted, in numbers of the protocol's enumerations. ``own`` holds the editor's names for the
    same format, with which it reads and writes pixels; they are kept with results."""

    channels: int
    sample_type: int
    transfer_function: int = 0
    channel_order: int = 0
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def pixel_bytes(self) -> int:
        # Each number of the protocol's Channels is the count of channels.
        return self.channels * SAMPLE_BYTES[self.sample_type]

    @property
    def has_alpha(self) -> bool:
        return self.channels in (Channels.GREY_ALPHA, Channels.RGBA)

    @property
    def message(self) -> PixelFormat:
        """The format as a message of the protocol."""
        return PixelFormat(
            channels=self.channels,
            sample_type=self.sample_type,
            transfer_function=self.transfer_function,
            channel_order=self.channel_order,
        )


@dataclass(frozen=True)
class Pixels:
    """The pixels of an area of a picture, row after row without padding, in native byte order."""

    area: Area
    format: WireFormat
    data: Buffer


def crop(data: Buffer, outer: Area, inner: Area, pixel_bytes: int) -> Buffer:
    """Returns the pixels of ``inner``, which lies in ``outer``, from ``data``, those of ``outer``; no copy if equal."""
    if inner == outer:
        return data
    view, row = memoryview(data), outer.width * pixel_bytes
    left, length = (inner.x - outer.x) * pixel_bytes, inner.width * pixel_bytes
    starts = ((inner.y - outer.y + line) * row + left for line in range(inner.height))
    return bytearray().join(view[start : start + length] for start in starts)
