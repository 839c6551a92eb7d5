"""Reads a folder of pictures: decodes them once, at the size that training needs."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image
from pleinair.common.suffixes import WITH_PACKAGE

from training.data.cache import Decoded, DecodedFile, Entry, PictureCache, digest_of
from training.data.listing import list_pictures
from training.data.pictures import UnreadablePicture, read_resized
from training.data.reading import LEAST_CROP, Reading
from training.errors import InputError

# Counted up when files are read in another way than before, so that nobody trains on what the old way had cached.
HOW = 2
AT_ONCE = 64  # pictures that are decoded before they are written to the cache, and so must fit in memory


@dataclass(frozen=True)
class PictureFolder:
    """Decoded pictures, (h, w, channels) uint8 each, and how they were read."""

    path: Path
    pictures: Sequence[NDArray[np.uint8]]
    files: Sequence[Entry]  # of the pictures, in the same order
    skipped: Sequence[Entry] = ()  # files that cannot be read
    note: str = ""  # a sentence that says why the pictures are not in the cache, though they should be
    hidden: int = 0  # pictures that were left out
    others: Mapping[str, int] = field(default_factory=dict)  # files of kinds that are not read, by suffix

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def channels(self) -> int:
        return int(self.pictures[0].shape[2])


def read_folder(path: Path, reading: Reading, cache: PictureCache | None = None) -> PictureFolder:
    """Reads every picture below ``path`` (or ``path`` itself), in order of name, as ``reading`` says.

    Unreadable files are skipped and listed. Raises InputError when no picture is left, or when pictures keep their size
    and all of them are smaller than the crop.
    """
    listing = list_pictures(path)
    files = listing.files
    with warnings.catch_warnings():
        # Pillow warns of pictures over 89 megapixels and refuses twice that; the warning helps nobody in training.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        decoded, note = _decoded(path, files, reading, cache)
    chosen = [entry for entry in decoded.entries if not entry.skipped]
    skipped = [entry for entry in decoded.entries if entry.skipped]
    if not chosen:
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        raise InputError(
            f"None of the {count} in {path} can be read as a picture; put PNG, JPEG or WebP pictures there. "
            f"The first, {skipped[0].name}: {skipped[0].skipped}"
        )
    if reading.keeps_size:
        _check_that_one_holds_the_crop(path, chosen, reading.crop_size)
    return PictureFolder(path, decoded.pictures, chosen, skipped, note, listing.hidden, listing.others)


def fingerprint(*folders: PictureFolder) -> str:
    """Returns a SHA-256 of all decoded pixels: equal pictures give equal fingerprints, wherever they lie."""
    digests = [[file.digest for file in folder.files] for folder in folders]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _decoded(path: Path, files: list[Path], reading: Reading, cache: PictureCache | None) -> tuple[Decoded, str]:
    """Returns the pictures and, when the cache cannot be used, a sentence that says why."""
    note = ""
    if cache is not None:
        try:
            if sum(file.stat().st_size for file in files) >= cache.least_bytes:
                return cache.get(_key(path, files, reading), _read_all(path, files, reading)), ""
        except OSError as error:
            note = (
                f"the cache {cache.folder} cannot be used ({error.strerror or error}), so the pictures are kept in "
                "memory and decoded again at the next start; choose another place with --cache."
            )
    read = list(_read_all(path, files, reading))
    return Decoded([entry for entry, _ in read], [pixels for _, pixels in read if pixels is not None]), note


def _key(path: Path, files: list[Path], reading: Reading) -> str:
    """Returns the cache's key, which depends on the files' names, sizes and times of change, on how they are read, and
    on what reads them."""
    states = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    size = ("kept", reading.crop_size) if reading.keeps_size else (reading.strategy, reading.load_size)
    options = (size, reading.channels, reading.background, reading.scale.black, reading.scale.white)
    packages = [name for name in WITH_PACKAGE if find_spec(name)]
    described = json.dumps([HOW, PIL.__version__, packages, str(path.resolve()), options, states])
    return hashlib.sha256(described.encode(errors="surrogateescape")).hexdigest()


def _read_all(path: Path, files: list[Path], reading: Reading) -> Iterator[DecodedFile]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(files), AT_ONCE):
            yield from pool.map(
                _read, itertools.repeat(path), files[start : start + AT_ONCE], itertools.repeat(reading)
            )


def _read(path: Path, file: Path, reading: Reading) -> DecodedFile:
    name = str(file.relative_to(path)) if file != path else file.name
    try:
        read = read_resized(file, reading)
    except UnreadablePicture as error:
        return Entry(name, skipped=str(error)), None
    rows, columns, channels = read.pixels.shape
    shape = rows, columns, channels
    return Entry(name, *read.own_size, shape, digest_of(read.pixels), read.findings), read.pixels


def _check_that_one_holds_the_crop(path: Path, files: Sequence[Entry], crop_size: int) -> None:
    largest = max(files, key=lambda file: min(file.width, file.height))
    side = min(largest.width, largest.height)
    if side < crop_size:
        smaller = f"give a --crop-size of at most {side // 4 * 4}" if side >= LEAST_CROP else "use larger pictures"
        raise InputError(
            f"--crop-size is {crop_size}, but every picture in {path} is smaller (the largest, {largest.name}, has "
            f"{largest.width} x {largest.height} pixels); {smaller}, or use --strategy resize."
        )
