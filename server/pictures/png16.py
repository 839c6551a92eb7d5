"""Reads and writes 16-bit PNG files: Pillow decodes them to only 8 bits a sample and cannot write them."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {3: 2, 4: 6}
_FILTER_UP = 2


def read_samples(data: bytes, raw_mode: str) -> NDArray[np.uint16]:
    """Returns every sample of a 16-bit PNG file, H x W x C with C = 1 to 4. `raw_mode` is Pillow's name for the file's
    layout ("I;16B", "LA;16B", "RGB;16B", "RGBA;16B"). Raises whatever Pillow raises on a broken file."""
    if raw_mode == "I;16B":
        return _decode_as(data, raw_mode)[..., np.newaxis]
    if raw_mode == "LA;16B":
        # Two samples of 16 bits are as wide as four of 8 bits: read as RGBA, every byte comes through untouched.
        return _decode_as(data, "RGBA").view(">u2").astype(np.uint16)
    # Pillow keeps one byte of each sample: the first when told that they are big-endian, which they are, and the
    # second when told that they are little-endian.
    high, low = _decode_as(data, raw_mode), _decode_as(data, raw_mode.replace("16B", "16L"))
    samples: NDArray[np.uint16] = np.left_shift(high, 8, dtype=np.uint16) | low
    return samples


def encode_png16(pixels: NDArray[np.uint16], icc_profile: bytes | None) -> bytes:
    """Returns the bytes of a PNG file with these H x W x 3 or H x W x 4 samples and this colour profile."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    profile = _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile)) if icc_profile else b""
    image = _chunk(b"IDAT", zlib.compress(_filter_rows(pixels)))
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), profile, image, _chunk(b"IEND", b"")))


def _decode_as(data: bytes, raw_mode: str) -> NDArray[Any]:
    image = PngImageFile(io.BytesIO(data))
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    return np.asarray(image)


def _filter_rows(pixels: NDArray[np.uint16]) -> bytes:
    """Applies PNG's row filter "Up": each byte minus the one above it, each row preceded by the filter's number."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, width * channels * 2)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
