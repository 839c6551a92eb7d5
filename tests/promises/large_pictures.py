"""Picture files that declare far more pixels than there are in them, or hold more than their size lets think."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def declaring(kind: str, width: int, height: int) -> bytes:
    """A file of 8 x 8 pixels, PNG, JPEG or WEBP, whose header says that it has more."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    return _CHANGES[kind](bytearray(file.getvalue()), width, height)


def plain_png(side: int) -> bytes:
    """A square of one grey: a thousandth of its pixels in bytes."""
    file = io.BytesIO()
    Image.fromarray(np.full((side, side), 90, np.uint8)).save(file, "PNG")
    return file.getvalue()


def _change_png(data: bytearray, width: int, height: int) -> bytes:
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def _change_jpeg(data: bytearray, width: int, height: int) -> bytes:
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _change_webp(data: bytearray, width: int, height: int) -> bytes:
    extended = (
        struct.pack("<4sII", b"VP8X", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + extended + bytes(data[12:])
    return b"RIFF" + struct.pack("<I", len(body)) + body


_CHANGES = {"PNG": _change_png, "JPEG": _change_jpeg, "WEBP": _change_webp}
