"""Results on disk, for an editor whose plug-in ends before the artist's work does.

A file holds one result: the format's name, lengths and checksums, a header in JSON, a small picture, and the pixels as
plugins.core.packing packs them.
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

CAP_BYTES = 512 << 20  # of all files together, on disk
MOST = 100
_MAGIC = b"pleinair-result 1\n"
_LENGTHS = struct.Struct(">IIQII")  # lengths: header, small picture, pixels; CRC-32: the first two, pixels
_MOST_HEADER = 1 << 20
_SUFFIX, _DRAFT = ".result", ".draft-"
_STALE_SECONDS = 3600
_DAMAGE = (OSError, ValueError, TypeError, KeyError, struct.error, zlib.error)


@dataclass(frozen=True)
class Thumbnail:
    """A small picture. ``pixels`` are red, green, blue and alpha in sRGB, 8 bits each, row after row."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, eq=False)
class Kept:
    """One result on disk, without its pixels, which ``ResultStore.pixels`` reads."""

    file: Path
    entry: Entry
    thumbnail: Thumbnail


@dataclass(frozen=True)
class _Head:
    kept: Kept
    start: int  # where the pixels begin in the file
    length: int
    checksum: int


class ResultStore:
    """Keeps the newest results in ``folder``, at most ``most`` of them and ``cap_bytes`` in all, readable by their
    owner only. Several processes may use a folder at once."""

    def __init__(self, folder: Path, cap_bytes: int = CAP_BYTES, most: int = MOST) -> None:
        self._folder = folder
        self._cap, self._most = cap_bytes, most

    @property
    def kept(self) -> list[Kept]:
        """The kept results, newest first. Leaves out damaged ones, which are removed when they are the oldest."""
        found = []
        for file in self._files():
            with suppress(*_DAMAGE), file.open("rb") as stream:
                found.append(_head(file, stream).kept)
        return found

    def add(self, entry: Entry, pixels: Buffer, thumbnail: Thumbnail) -> bool:
        """Keeps a result; returns False if it alone is larger than the cap. Raises OSError if it cannot be written."""
        pieces = packed(pixels, SAMPLE_BYTES[entry.sample_type])
        file = [*_beginning(entry, thumbnail, pieces), *pieces]
        if size(file) > self._cap:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # also if it already existed
        self._write(_name(entry), file)
        self._make_room()
        return True

    def pixels(self, kept: Kept) -> bytearray:
        """Returns a result's pixels. Raises KeyError for one that is gone or damaged."""
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
        """Removes a result, which may be gone already. Raises OSError."""
        kept.file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes all results, including damaged and half-written ones. Raises OSError."""
        for file in (*self._files(), *self._drafts()):
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Returns the results' files, newest first, since each name begins with its moment."""
        return sorted(self._folder.glob(f"*{_SUFFIX}"), reverse=True)

    def _drafts(self) -> list[Path]:
        """Returns the files of processes that are writing, or that ended while they were."""
        return list(self._folder.glob(f"{_DRAFT}*"))

    def _write(self, name: str, pieces: list[bytes]) -> None:
        number, draft = tempfile.mkstemp(prefix=_DRAFT, dir=self._folder)  # readable by its owner only
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
            with suppress(FileNotFoundError):  # another process is making room, too
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
    """Reads everything but the pixels. Raises one of _DAMAGE when the file is damaged."""
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
    # Each number of the protocol's Channels is the count of channels.
    return entry.width * entry.height * entry.channels * SAMPLE_BYTES[entry.sample_type]
