"""Results on disk, for an editor whose plug-in does not live as long as the artist works.

One file is one result: the format's name, the lengths and the checksums, a header in JSON, a small picture, and the
pixels as plugins.core.packing packs them.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import tempfile
import time
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from ..client import SAMPLE_BYTES
from ..client.wire import Buffer
from .history import Entry
from .packing import packed, size, unpacked

CAP_BYTES = 512 << 20  # on disk, of all files together
MOST = 100
_MAGIC = b"pleinair-result 1\n"
_LENGTHS = struct.Struct(">IIQII")  # of header, small picture, pixels; CRC-32 of the first two, of the pixels
_MOST_HEADER = 1 << 20
_SUFFIX, _DRAFT = ".result", ".draft-"
_STALE_SECONDS = 3600
_DAMAGE = (OSError, ValueError, TypeError, KeyError, struct.error, zlib.error)


@dataclass(frozen=True)
class Thumbnail:
    """Red, green, blue and alpha in sRGB, 8 bits each, row after row."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, eq=False)
class Kept:
    """One result on disk; its pixels are read when they are wanted."""

    file: Path
    entry: Entry
    thumbnail: Thumbnail


@dataclass(frozen=True)
class _Head:
    kept: Kept
    start: int  # of the pixels in the file
    length: int
    checksum: int


class ResultStore:
    """The newest results in ``folder``, at most ``cap_bytes`` and ``most`` of them, for their owner's eyes only.
    Several processes may use it at once."""

    def __init__(self, folder: Path, cap_bytes: int = CAP_BYTES, most: int = MOST) -> None:
        self._folder = folder
        self._cap, self._most = cap_bytes, most

    @property
    def kept(self) -> list[Kept]:
        """Newest first. What is damaged is left out; it goes in its turn."""
        found = []
        for file in self._files():
            with suppress(*_DAMAGE), file.open("rb") as stream:
                found.append(_head(file, stream).kept)
        return found

    def add(self, entry: Entry, pixels: Buffer, thumbnail: Thumbnail) -> bool:
        """False when the result alone is larger than all that is kept. Raises OSError when it cannot be written."""
        pieces = packed(pixels, SAMPLE_BYTES[entry.sample_type])
        file = [*_beginning(entry, thumbnail, pieces), *pieces]
        if size(file) > self._cap:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # one that was there, too
        self._write(_name(entry), file)
        self._make_room()
        return True

    def pixels(self, kept: Kept) -> bytearray:
        """Raises KeyError for one that is gone, or damaged."""
        try:
            with kept.file.open("rb") as stream:
                head = _head(kept.file, stream)
                stream.seek(head.start)
                piece = stream.read(head.length)
            pixels = unpacked([piece], SAMPLE_BYTES[head.kept.entry.sample_type])
        except _DAMAGE as error:
            raise KeyError(kept.file.name) from error
        if zlib.crc32(piece) != head.checksum or len(pixels) != _expected_bytes(head.kept.entry):
            raise KeyError(kept.file.name)
        return pixels

    def remove(self, kept: Kept) -> None:
        """It may be gone already. Raises OSError."""
        kept.file.unlink(missing_ok=True)

    def clear(self) -> None:
        """All of them, damaged ones and what an ended process left half written, too. Raises OSError."""
        for file in (*self._files(), *self._drafts()):
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Newest first: a name begins with its moment."""
        return sorted(self._folder.glob(f"*{_SUFFIX}"), reverse=True)

    def _drafts(self) -> list[Path]:
        """Of processes that write, or were ended while they wrote."""
        return list(self._folder.glob(f"{_DRAFT}*"))

    def _write(self, name: str, pieces: list[bytes]) -> None:
        number, draft = tempfile.mkstemp(prefix=_DRAFT, dir=self._folder)  # for its owner only
        try:
            with os.fdopen(number, "wb") as stream:
                stream.writelines(pieces)
            Path(draft).replace(self._folder / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)  # another process may have cleared the folder
            raise

    def _make_room(self) -> None:
        used = 0
        for number, file in enumerate(self._files()):
            with suppress(FileNotFoundError):  # another process made room, too
                used += file.stat().st_size
                if number and (used > self._cap or number >= self._most):
                    file.unlink()
        for draft in self._drafts():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < time.time() - _STALE_SECONDS:
                    draft.unlink()


def _name(entry: Entry) -> str:
    return f"{round(entry.moment * 1000):015d}-{secrets.token_hex(4)}{_SUFFIX}"


def _beginning(entry: Entry, thumbnail: Thumbnail, pieces: list[bytes]) -> list[bytes]:
    told = {"entry": asdict(entry), "thumbnail": [thumbnail.width, thumbnail.height]}
    header, small = json.dumps(told).encode(), zlib.compress(thumbnail.pixels)
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    lengths = _LENGTHS.pack(len(header), len(small), size(pieces), zlib.crc32(header + small), checksum)
    return [_MAGIC, lengths, header, small]


def _head(file: Path, stream: BinaryIO) -> _Head:
    """All but the pixels. Raises one of _DAMAGE when anything is not as it was written."""
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise ValueError(file)
    header_bytes, small_bytes, length, checksum, pixels_checksum = _LENGTHS.unpack(stream.read(_LENGTHS.size))
    if max(header_bytes, small_bytes) > _MOST_HEADER:
        raise ValueError(file)
    header, small = stream.read(header_bytes), stream.read(small_bytes)
    start = stream.tell()
    if zlib.crc32(header + small) != checksum or os.fstat(stream.fileno()).st_size != start + length:
        raise ValueError(file)
    told = json.loads(header)
    entry = Entry(**told["entry"] | {"place": tuple(told["entry"]["place"])})
    width, height = told["thumbnail"]
    return _Head(Kept(file, entry, Thumbnail(width, height, zlib.decompress(small))), start, length, pixels_checksum)


def _expected_bytes(entry: Entry) -> int:
    # The numbers of the protocol's Channels count them.
    return entry.width * entry.height * entry.channels * SAMPLE_BYTES[entry.sample_type]
