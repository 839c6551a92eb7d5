"""TIFF files made by hand, so that no reader or writer under test vouches for itself."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY_INVERTED, GREY, RGB, PALETTE, CMYK, LAB = 0, 1, 2, 3, 5, 8
NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
UNSPECIFIED, PREMULTIPLIED, STRAIGHT = 0, 1, 2
REDUCED = {254: [1]}

_FORMATS = {"u": 1, "i": 2, "f": 3}


@dataclass(frozen=True)
class Layout:
    """How a page is stored: "<" or ">", compression, predictor, rows of a strip, or columns and rows of a tile."""

    order: str = "<"
    compression: int = NONE
    predictor: int = 1
    rows: int = 7
    tile: tuple[int, int] | None = None
    planar: bool = False
    big: bool = False


PLAIN = Layout()


def tiff_file(samples: NDArray[Any], photometric: int, layout: Layout = PLAIN, **tags: Any) -> bytes:
    """A TIFF of one page; further tags are given as ``t338=[2]``."""
    return tiff_of([page(samples, photometric, layout, {int(name[1:]): value for name, value in tags.items()})], layout)


def page(
    samples: NDArray[Any], photometric: int, layout: Layout = PLAIN, tags: Mapping[int, Any] | None = None
) -> tuple[dict[int, Any], list[bytes]]:
    """The tags and chunks of a page of H x W x C samples; ``tags`` replace those that follow from the samples."""
    height, width, count = samples.shape
    planes = [samples[..., at : at + 1] for at in range(count)] if layout.planar else [samples]
    chunks = [_packed(part, layout) for plane in planes for part in _parts(plane, layout)]
    described: dict[int, Any] = {256: [width], 257: [height], 258: [samples.itemsize * 8] * count}
    described |= {259: [layout.compression], 262: [photometric], 277: [count], 317: [layout.predictor]}
    described |= {284: [2 if layout.planar else 1], 339: [_FORMATS[samples.dtype.kind]] * count}
    if layout.tile:
        described |= {322: [layout.tile[0]], 323: [layout.tile[1]]}
    else:
        described[278] = [layout.rows]
    return described | dict(tags or {}), chunks


def tiff_of(pages: Sequence[tuple[dict[int, Any], list[bytes]]], layout: Layout = PLAIN) -> bytes:
    """A file of these pages; values are numbers, written as LONG, or bytes."""
    order, big = layout.order, layout.big
    head = b"II" if order == "<" else b"MM"
    data = bytearray(head + (struct.pack(f"{order}HHHQ", 43, 8, 0, 0) if big else struct.pack(f"{order}HI", 42, 0)))
    link = 8 if big else 4
    for tags, chunks in pages:
        offsets = []
        for chunk in chunks:
            offsets.append(len(data))
            data += chunk
        starts, counts = (324, 325) if 322 in tags else (273, 279)
        full = {counts: [len(chunk) for chunk in chunks]} | tags | {starts: offsets}
        _append_directory(data, {tag: value for tag, value in full.items() if value is not None}, link, layout)
        link = len(data) - (8 if big else 4)
    return bytes(data)


def _append_directory(data: bytearray, tags: Mapping[int, Any], link: int, layout: Layout) -> None:
    order, word, room = (layout.order, "Q", 8) if layout.big else (layout.order, "I", 4)
    entries = b""
    for tag, value in sorted(tags.items()):
        kind, raw = (7, value) if isinstance(value, bytes) else (4, struct.pack(f"{order}{len(value)}I", *value))
        if len(raw) > room:
            data += raw
            raw = struct.pack(f"{order}{word}", len(data) - len(raw))
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(value)) + raw.ljust(room, b"\0")
    struct.pack_into(f"{order}{word}", data, link, len(data))
    data += struct.pack(f"{order}{'Q' if layout.big else 'H'}", len(tags)) + entries + bytes(room)


def _parts(plane: NDArray[Any], layout: Layout) -> Iterable[NDArray[Any]]:
    height, width, count = plane.shape
    if layout.tile is None:
        yield from (plane[top : top + layout.rows] for top in range(0, height, layout.rows))
        return
    columns, rows = layout.tile
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            tile = np.zeros((rows, columns, count), plane.dtype)
            part = plane[top : top + rows, left : left + columns]
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def _packed(part: NDArray[Any], layout: Layout) -> bytes:
    raw = _differences(part, layout)
    if layout.compression == DEFLATE:
        return zlib.compress(raw)
    if layout.compression == PACKBITS:
        pieces = [raw[at : at + 128] for at in range(0, len(raw), 128)]
        return b"".join(bytes((len(piece) - 1,)) + piece for piece in pieces)
    return _lzw(raw) if layout.compression == LZW else raw


def _differences(part: NDArray[Any], layout: Layout) -> bytes:
    ordered = np.dtype(f"{layout.order}{part.dtype.kind}{part.itemsize}")
    if layout.predictor == 2:
        whole = part.view(f"u{part.itemsize}")
        part = np.concatenate((whole[:, :1], np.diff(whole, axis=1)), axis=1).view(part.dtype)
    if layout.predictor < 3:
        return part.astype(ordered).tobytes()
    rows, columns, count = part.shape
    raw = part.astype(part.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, columns * count, part.itemsize)
    planes = raw.transpose(0, 2, 1).reshape(rows, -1, count)
    return np.concatenate((planes[:, :1], np.diff(planes, axis=1)), axis=1).tobytes()


def _lzw(raw: bytes) -> bytes:
    """Codes of 9 bits: literals, with a clear code (256) before the table needs 10, and the end (257)."""
    codes = [code for at in range(0, len(raw), 250) for code in (256, *raw[at : at + 250])] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
