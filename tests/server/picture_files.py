"""Picture files made by hand, so that no reader or writer under test vouches for itself."""

import io
import random
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

# Adam7: first column, first row, column step, row step of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def random_samples(shape: tuple[int, int, int], dtype: type[np.unsignedinteger[Any]] = np.uint8) -> NDArray[Any]:
    return np.random.default_rng(7).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def png_file(
    samples: NDArray[Any],
    colour_type: int,
    *,
    bits: int | None = None,
    filters: Sequence[int] = (0,),
    interlaced: bool = False,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """A PNG of H x W x C samples; row filters are taken in turn; `extra` chunks stand before the pixels."""
    height, width, _ = samples.shape
    depth = bits or samples.dtype.itemsize * 8
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in _PASSES] if interlaced else [samples]
    rows = b"".join(_scanlines(part, depth, filters) for part in passes if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    return png_of((b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def png_header_only(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0)
    return png_of((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))


def webp_header_only(width: int, height: int) -> bytes:
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def idat_of(png: bytes) -> bytes:
    """What the IDAT chunks unpack to."""
    position, packed = 8, b""
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        if png[position + 4 : position + 8] == b"IDAT":
            packed += png[position + 8 : position + 8 + length]
        position += 12 + length
    return zlib.decompress(packed)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def mutations(data: bytes, count: int) -> Iterator[bytes]:
    """The file with one to four other bytes, half of the time cut off; always the same ones."""
    dice = random.Random(20)
    for _ in range(count):
        mutated = bytearray(data)
        for _ in range(dice.randint(1, 4)):
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        yield bytes(mutated[: dice.choice((len(data), dice.randrange(len(data))))])


def cmyk_profile() -> bytes:
    """An ICC profile for a press whose every ink is blue, but for a black black. Unlike any conversion by rule, so
    that a use of the profile shows."""
    white, blue, black = (0xFF, 0x80, 0x80), (0x4B, 0xC4, 0x10), (0, 0x80, 0x80)  # L*a*b* in eight bits each
    corners = bytes(value for cmyk in range(16) for value in (black if cmyk & 1 else blue if cmyk else white))
    ramps = [bytes(range(256))] * 4
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + b"".join(ramps) + corners + b"".join(ramps[:3])
    header = bytearray(128)
    header[8:12], header[12:24], header[36:40] = b"\x02\x40\0\0", b"prtrCMYKLab ", b"acsp"
    header[68:80] = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    table = struct.pack(">I4sII", 1, b"A2B0", 144, len(lut))
    struct.pack_into(">I", header, 0, 144 + len(lut))
    return bytes(header) + table + lut


def _scanlines(samples: NDArray[Any], depth: int, filters: Sequence[int]) -> bytes:
    step = max(1, samples.shape[2] * depth // 8)
    above, lines = bytes(len(_packed(samples[0], depth))), []
    for index, row in enumerate(samples):
        line, method = _packed(row, depth), filters[index % len(filters)]
        lines.append(bytes((method,)) + bytes(_filtered(line, above, step, method)))
        above = line
    return b"".join(lines)


def _packed(row: NDArray[Any], depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :]
    return np.packbits(bits).tobytes()


def _filtered(line: bytes, above: bytes, step: int, method: int) -> Iterable[int]:
    """Section 9.2 of the PNG specification: a is the byte to the left, b the one above, c the one above a."""
    for i, value in enumerate(line):
        a, b, c = (line[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
        paeth = min((a, b, c), key=lambda near: (abs(a + b - c - near), (a, b, c).index(near)))
        yield (value - (0, a, b, (a + b) // 2, paeth)[method]) % 256
