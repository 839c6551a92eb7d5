"""A selection on a result: alpha times how much a pixel is selected."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from typing import Any

from ..client.messages import SampleType

_CODES: dict[int, Any] = {
    SampleType.UINT8: "B",
    SampleType.UINT16: "H",
    SampleType.FLOAT32: "f",
    SampleType.FLOAT16: "e",
}
_HALF = struct.Struct("=e")
_NOT_FULL = re.compile(rb"[^\xff]+")
_NOT_NONE = re.compile(rb"[^\x00]+")


def multiply_alpha(pixels: bytearray, selection: bytes, *, channels: int, sample_type: int) -> None:
    """Multiplies every pixel's last sample by its selectedness (a byte, 255 is all of it), in place, rounding half up.

    Raises ValueError unless there is one byte of selection for each pixel.
    """
    code = _CODES[sample_type]
    samples: Any = memoryview(pixels).cast("H" if code == "e" else code)
    if len(samples) != len(selection) * channels:
        raise ValueError(f"{len(selection)} bytes of selection do not belong to {len(samples)} samples.")
    multiply = _half if code == "e" else (_float if code == "f" else _integer)
    for start, end in _runs(_NOT_FULL, selection, 0, len(selection)):
        at = start
        for soft_start, soft_end in _runs(_NOT_NONE, selection, start, end):
            _clear(samples, at, soft_start, channels)
            multiply(samples, selection, soft_start, soft_end, channels)
            at = soft_end
        _clear(samples, at, end, channels)


def _runs(pattern: re.Pattern[bytes], selection: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(selection, start, end))


def _clear(samples: Any, start: int, end: int, channels: int) -> None:
    """What is not selected: alpha 0, in any sample type all bits 0."""
    if start < end:
        last = channels - 1
        places = samples[start * channels + last : end * channels : channels]
        places[:] = memoryview(bytes(len(places) * samples.itemsize)).cast(samples.format)


def _integer(samples: Any, selection: bytes, start: int, end: int, channels: int) -> None:
    for pixel in range(start, end):
        place = (pixel + 1) * channels - 1
        samples[place] = (samples[place] * selection[pixel] * 2 + 255) // 510


def _float(samples: Any, selection: bytes, start: int, end: int, channels: int) -> None:
    for pixel in range(start, end):
        place = (pixel + 1) * channels - 1
        samples[place] = samples[place] * selection[pixel] / 255


def _half(samples: Any, selection: bytes, start: int, end: int, channels: int) -> None:
    for pixel in range(start, end):
        place = (pixel + 1) * channels - 1
        (alpha,) = _HALF.unpack(samples[place].to_bytes(2, sys.byteorder))
        samples[place] = int.from_bytes(_HALF.pack(alpha * selection[pixel] / 255), sys.byteorder)
