"""Picture files taken apart as their formats are, changed in one part, and put together with right lengths and sums, so
that readers get beyond them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.fuzz.dice import NUMBERS, mutated, shuffled

Change = Callable[[bytes, Random], bytes]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def changed(data: bytes, dice: Random) -> bytes:
    """The file with a change inside; of unknown formats with a change anywhere."""
    by_format = next((change for start, change in _FORMATS.items() if data.startswith(start)), mutated)
    return mutated(data, dice) if dice.random() < 0.3 else by_format(data, dice)


def _png(data: bytes, dice: Random) -> bytes:
    chunks = list(_png_chunks(data))
    place = dice.randrange(len(chunks))
    kind, body = chunks[place]
    chunks[place] = (kind, _repacked(body, dice) if kind == b"IDAT" else mutated(body, dice))
    if dice.random() < 0.3:
        chunks.insert(dice.randint(1, len(chunks)), (dice.choice(_PNG_KINDS), dice.randbytes(dice.randrange(40))))
    made = [struct.pack(">I", len(body)) + kind + body + _sum(kind + body) for kind, body in chunks]
    return _SIGNATURE + b"".join(shuffled(made, dice) if dice.random() < 0.2 else made)


_PNG_KINDS = tuple(b"IHDR PLTE tRNS gAMA cHRM sRGB iCCP cICP eXIf pHYs iTXt zTXt acTL fcTL fdAT IDAT".split())


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_SIGNATURE)
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length


def _repacked(body: bytes, dice: Random) -> bytes:
    """Other rows, packed rightly; or other bytes that are not packed any more."""
    if dice.random() < 0.5:
        return mutated(body, dice)
    return zlib.compress(mutated(zlib.decompress(body), dice))


def _sum(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def _jpeg(data: bytes, dice: Random) -> bytes:
    """One segment is other, with the right length; what follows the scan's header is changed as bytes."""
    position, segments = 2, list[bytes]()
    while data[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, position + 2)
        segments.append(data[position : position + 2 + length])
        position += 2 + length
    place = dice.randrange(len(segments))
    body = mutated(segments[place][4:], dice)[:65000]
    segments[place] = segments[place][:2] + struct.pack(">H", len(body) + 2) + body
    scan = data[position:] if dice.random() < 0.9 else _many_scans(data[position:], dice)
    return data[:2] + b"".join(shuffled(segments, dice)) + (mutated(scan, dice) if dice.random() < 0.5 else scan)


def _many_scans(scans: bytes, dice: Random) -> bytes:
    """The last one very many times."""
    last = scans.rindex(b"\xff\xda")
    return scans[:last] + scans[last:-2] * dice.choice((50, 3000)) + scans[-2:]


def _webp(data: bytes, dice: Random) -> bytes:
    position, chunks = 12, list[bytes]()
    while position < len(data):
        (length,) = struct.unpack_from("<I", data, position + 4)
        body = mutated(data[position + 8 : position + 8 + length], dice)
        chunks.append(data[position : position + 4] + struct.pack("<I", len(body)) + body + bytes(len(body) % 2))
        position += 8 + length + length % 2
    whole = b"WEBP" + b"".join(shuffled(chunks, dice))
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _tiff(data: bytes, dice: Random) -> bytes:
    """One entry of the first directory has another type, count or value."""
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if data[2:4] not in (b"*\0", b"\0*") or start + 2 > len(data):
        return mutated(data, dice)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entry, made = start + 2 + 12 * dice.randrange(max(1, count)), bytearray(data)
    if entry + 12 > len(data):
        return mutated(data, dice)
    place, size = dice.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "H")))
    value = dice.choice((*NUMBERS, 259, 262, 273, 277, 32773)) & (0xFFFF if size == "H" else 0xFFFFFFFF)
    struct.pack_into(order + size, made, entry + place, value)
    return bytes(made)


_FORMATS: Mapping[bytes, Change] = {
    _SIGNATURE: _png,
    b"\xff\xd8": _jpeg,
    b"RIFF": _webp,
    b"II": _tiff,
    b"MM": _tiff,
}
