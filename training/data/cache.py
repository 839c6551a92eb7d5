"""Caches decoded pictures in one file that is mapped into memory, so that a second start need not decode them.

A file holds the pixels of all pictures, one after the other, then an index in JSON, then a trailer with the index's
length and checksum. It is complete or absent; its name is the SHA-256 of what was read and how. Pixels are checked
against their checksums at each start.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import struct
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PLEINPX2"
TRAILER = struct.Struct("<Q32s8s")  # length of the index, its SHA-256, MAGIC

DAY = 24 * 3600.0
UNUSED_DAYS = 30  # after which an unused file is removed
MOST_BYTES = 20 * 1024**3  # above it the files unused for longest are removed, but none used within the last day


@dataclass(frozen=True)
class Entry:
    """One picture file: its name, its own size in pixels, its pixels' checksum and what reading found (by kind, with a
    number), or why it could not be read."""

    name: str
    width: int = 0
    height: int = 0
    shape: tuple[int, int, int] = (0, 0, 0)  # of the pixels: h, w, channels
    digest: str = ""
    findings: tuple[tuple[str, float], ...] = ()
    skipped: str = ""


@dataclass(frozen=True)
class Decoded:
    """Entries in order of name, and the pixels (h, w, channels) of those that could be read."""

    entries: Sequence[Entry]
    pictures: Sequence[NDArray[np.uint8]]


# One entry and its pixels, which are None for a skipped file.
DecodedFile = tuple[Entry, NDArray[np.uint8] | None]


def digest_of(pixels: NDArray[np.uint8]) -> str:
    """Returns the SHA-256 of a picture's shape and levels."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


@dataclass(frozen=True)
class PictureCache:
    """The cache files in one folder. Several processes may use it at once: each writes to its own file and renames it.

    Sets of files with fewer than ``least_bytes`` in all are read so fast that they are not cached.
    """

    folder: Path
    least_bytes: int = 0

    def get(self, key: str, read: Iterable[DecodedFile]) -> Decoded:
        """Returns the pictures cached for the key, or else those of ``read``, which it caches. Raises OSError."""
        path = self.folder / f"{key}.pleinair"
        decoded = _load(path)
        if decoded is None:
            self._write(path, read)
            decoded = _load(path)
            if decoded is None:
                raise OSError(f"{path} does not hold what was written to it")
        with contextlib.suppress(OSError):  # a folder that somebody else prepared may be read-only
            os.utime(path)
        self._prune()
        return decoded

    def _write(self, path: Path, read: Iterable[DecodedFile]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".pleinair-", suffix=".tmp", dir=self.folder)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _dump(file, read)
                file.flush()
                os.fsync(file.fileno())
            try:
                beside.replace(path)
            except PermissionError:  # on Windows, while another process has the same file, just written, mapped
                if _load(path) is None:
                    raise
        finally:
            beside.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Removes files that are long unused or exceed the limit, and what interrupted processes left."""
        now = time.time()
        with contextlib.suppress(OSError):
            for left in self.folder.glob(".pleinair-*.tmp"):
                _remove_unless_used_since(left, now - DAY)
            files = sorted(self.folder.glob("*.pleinair"), key=lambda file: file.stat().st_mtime, reverse=True)
            total = 0
            for file in files:
                total += file.stat().st_size
                _remove_unless_used_since(file, now - (DAY if total > MOST_BYTES else UNUSED_DAYS * DAY))


def _remove_unless_used_since(file: Path, moment: float) -> None:
    with contextlib.suppress(OSError):  # it may be in use, on Windows, or already gone
        if file.stat().st_mtime < moment:
            file.unlink()


def _dump(file: BinaryIO, read: Iterable[DecodedFile]) -> None:
    entries = []
    for entry, pixels in read:
        entries.append(dataclasses.asdict(entry))
        if pixels is not None:
            file.write(np.ascontiguousarray(pixels).data)
    index = json.dumps(entries).encode()
    file.write(index)
    file.write(TRAILER.pack(len(index), hashlib.sha256(index).digest(), MAGIC))


def _load(path: Path) -> Decoded | None:
    """Returns what the file holds, or None when it is missing or damaged."""
    try:
        # Copy on write: PyTorch wants writable arrays, and a page is copied only when it is written to.
        whole: NDArray[np.uint8] = np.memmap(path, np.uint8, mode="c")
        entries, end = _index(whole)
    except (OSError, ValueError, TypeError, struct.error):
        return None
    pictures, start = [], 0
    for entry in entries:
        if not entry.skipped:
            length = int(np.prod(entry.shape))
            pictures.append(np.asarray(whole[start : start + length]))
            start += length
    if start != end:
        return None
    shapes = [entry for entry in entries if not entry.skipped]
    pictures = [pixels.reshape(entry.shape) for entry, pixels in zip(shapes, pictures, strict=True)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        if list(pool.map(digest_of, pictures)) != [entry.digest for entry in shapes]:
            return None
    return Decoded(entries, pictures)


def _index(whole: NDArray[np.uint8]) -> tuple[list[Entry], int]:
    """Returns the entries and where the pixels end. Raises ValueError, TypeError or struct.error for a damaged file."""
    length, digest, magic = TRAILER.unpack(whole[-TRAILER.size :].tobytes())
    end = len(whole) - TRAILER.size - length
    index = whole[max(end, 0) : len(whole) - TRAILER.size].tobytes()
    if magic != MAGIC or hashlib.sha256(index).digest() != digest:
        raise ValueError("the index is damaged")
    return [_entry(fields) for fields in json.loads(index)], end


def _entry(fields: dict[str, Any]) -> Entry:
    height, width, channels = fields.pop("shape")
    findings = tuple((kind, number) for kind, number in fields.pop("findings"))
    return Entry(**fields, shape=(height, width, channels), findings=findings)
