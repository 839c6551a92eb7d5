"""Raw pixels to the tensor that a filter sees, and back.

Rows go from top to bottom, samples are little-endian and packed. Alpha is straight and never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
Alpha = NDArray[Any]  # H x W


class Channels(IntEnum):
    """What a pixel consists of; the value is the number of its samples."""

    GREY = 1
    GREY_ALPHA = 2
    RGB = 3
    RGBA = 4

    @property
    def has_alpha(self) -> bool:
        return self in (Channels.GREY_ALPHA, Channels.RGBA)


class SampleType(Enum):
    """One sample's type; the value is numpy's name for it."""

    UINT8 = "u1"
    UINT16 = "<u2"
    FLOAT32 = "<f4"
    FLOAT16 = "<f2"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.value)

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def white(self) -> float:
        """The value of full intensity; black is 0."""
        return 1.0 if self.is_float else float(np.iinfo(self.dtype).max)


class TransferFunction(Enum):
    """How colour values stand for light."""

    SRGB = "sRGB"
    LINEAR = "linear"


class ChannelOrder(Enum):
    """Where a pixel has red, green and blue among its samples; grey has them all in one place."""

    RGB = (0, 1, 2)
    BGR = (2, 1, 0)


@dataclass(frozen=True)
class PixelFormat:
    """What raw pixels are: all that is needed to read them besides the picture's size."""

    channels: Channels
    sample_type: SampleType
    transfer_function: TransferFunction = TransferFunction.SRGB
    channel_order: ChannelOrder = ChannelOrder.RGB

    @property
    def bytes_per_pixel(self) -> int:
        return self.channels * self.sample_type.dtype.itemsize


# Rec. ITU-R BT.709-6, item 3.2: the weights of R, G and B in luma, which is made of encoded values, not of light. Those
# of sRGB's own primaries. Training reads colour files as grey by BT.601, as Pillow does; that is about other pictures.
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def to_tensor(
    raw: bytes | bytearray | memoryview, *, width: int, height: int, pixel_format: PixelFormat
) -> tuple[Tensor, Alpha | None]:
    """Colour as 1 x 3 x H x W, sRGB-encoded, black -1 and white 1 (grey as equal R, G, B), and alpha if there is any.

    Floats are clamped to [0, 1], and what is not a number becomes 0. The result shares no memory with ``raw``.
    """
    samples = samples_of(raw, width=width, height=height, pixel_format=pixel_format)
    alpha = samples[..., -1].copy() if pixel_format.channels.has_alpha else None
    tensor = np.empty((1, 3, height, width), np.float32)
    normalise(samples, tensor, pixel_format)
    return tensor, alpha


def normalise(samples: NDArray[Any], into: Tensor, pixel_format: PixelFormat) -> None:
    """Writes the colour of H x W x C ``samples`` into a 1 x 3 x H x W tensor, as ``to_tensor`` makes it."""
    places = pixel_format.channel_order.value if pixel_format.channels >= Channels.RGB else (0, 0, 0)
    for channel, place in enumerate(places):
        _normalise(samples[..., place], into[0, channel], pixel_format)


def samples_of(
    raw: bytes | bytearray | memoryview, *, width: int, height: int, pixel_format: PixelFormat
) -> NDArray[Any]:
    """The raw pixels themselves as H x W x C."""
    return np.frombuffer(raw, pixel_format.sample_type.dtype).reshape(height, width, pixel_format.channels)


def from_tensor(tensor: Tensor, alpha: Alpha | None, pixel_format: PixelFormat) -> NDArray[Any]:
    """H x W x C samples of a tensor as ``to_tensor`` makes it: clamped to [-1, 1] and rounded half up; grey is Rec. 709
    luma. A tensor made of sRGB-encoded integers gives the same integers back."""
    samples = np.empty((*tensor.shape[2:], int(pixel_format.channels)), pixel_format.sample_type.dtype)
    if pixel_format.channels >= Channels.RGB:
        for channel, place in enumerate(pixel_format.channel_order.value):
            samples[..., place] = _denormalise(tensor[0, channel], pixel_format)
    else:
        samples[..., 0] = _denormalise(np.tensordot(_LUMA, tensor[0], axes=1), pixel_format)
    if alpha is not None:
        samples[..., -1] = alpha
    return samples


def grey_of(tensor: Tensor) -> Tensor:
    """N x 3 x H x W as N x 1 x H x W: Rec. 709 luma."""
    grey: Tensor = np.tensordot(_LUMA, tensor, axes=(0, 1))[:, np.newaxis]
    return grey


def _normalise(samples: NDArray[Any], into: Tensor, pixel_format: PixelFormat) -> None:
    into[...] = samples
    if pixel_format.sample_type.is_float:
        np.nan_to_num(into, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        np.clip(into, 0, 1, out=into)
    into /= np.float32(pixel_format.sample_type.white)
    if pixel_format.transfer_function is TransferFunction.LINEAR:
        into[...] = _encode_srgb(into)
    into *= 2
    into -= 1


def _denormalise(values: Tensor, pixel_format: PixelFormat) -> Tensor:
    values = np.clip(values, -1, 1)
    values += 1
    values /= 2
    if pixel_format.transfer_function is TransferFunction.LINEAR:
        values = _decode_srgb(values)
    if pixel_format.sample_type.is_float:
        return values
    values *= np.float32(pixel_format.sample_type.white)
    values += np.float32(0.5)
    return np.floor(values, out=values)


def _encode_srgb(light: Tensor) -> Tensor:
    """IEC 61966-2-1, from linear [0, 1] to encoded [0, 1]."""
    return np.where(light <= 0.0031308, light * np.float32(12.92), 1.055 * light ** np.float32(1 / 2.4) - 0.055)


def _decode_srgb(values: Tensor) -> Tensor:
    """IEC 61966-2-1, from encoded [0, 1] to linear [0, 1]."""
    return np.where(values <= 0.04045, values / np.float32(12.92), ((values + 0.055) / 1.055) ** np.float32(2.4))
