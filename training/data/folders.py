"""A folder of pictures, decoded once, at the size that training needs."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.pictures import SUFFIXES, UnreadablePicture, read_picture
from training.errors import InputError


@dataclass(frozen=True)
class PictureFolder:
    """Decoded pictures (n, size, size, 3), uint8 RGB, and what a person should know of how they were read."""

    path: Path
    pictures: NDArray[np.uint8]
    skipped: tuple[str, ...]  # "name: why", one for each file that could not be read
    small: int  # how many pictures were smaller than what the networks see

    def __len__(self) -> int:
        return len(self.pictures)

    def report(self) -> Iterator[str]:
        """Lines for people: how many pictures, what was skipped, what was enlarged."""
        yield f"{self.path}: {_count(len(self), 'picture')}"
        for line in self.skipped:
            yield f"  skipped {line}"
        if self.small:
            yield f"  {self.small} smaller than the crop, so enlarged: expect soft results, or lower --crop-size"


def read_folder(path: Path, *, size: int, crop_size: int) -> PictureFolder:
    """Reads every picture below ``path`` (or ``path`` itself), in order of name, resized to ``size`` x ``size``.

    The aspect ratio is not kept, as in the published code. Unreadable files are skipped and named; pictures smaller
    than ``crop_size`` are counted. Raises InputError when no picture is left.
    """
    files = _picture_files(path)
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        # Pillow warns of pictures over 89 megapixels and refuses twice that; warning a trainer helps nobody.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        read = list(pool.map(lambda file: _read(file, size, crop_size), files))
    pictures = [picture for picture in read if not isinstance(picture, str)]
    skipped = tuple(
        f"{file.relative_to(path) if file != path else file.name}: {reason}"
        for file, reason in zip(files, read, strict=True)
        if isinstance(reason, str)
    )
    if not pictures:
        raise InputError(
            f"None of the {_count(len(files), 'file')} in {path} can be read as a picture "
            f"(the first, {skipped[0]}); put PNG, JPEG or WebP pictures there."
        )
    arrays = np.stack([array for array, _ in pictures])
    return PictureFolder(path, arrays, skipped, sum(small for _, small in pictures))


def fingerprint(*folders: PictureFolder) -> str:
    """A SHA-256 of all decoded pixels: equal data gives an equal fingerprint, wherever it lies."""
    digest = hashlib.sha256()
    for folder in folders:
        digest.update(repr(folder.pictures.shape).encode())
        digest.update(np.ascontiguousarray(folder.pictures).data)
    return digest.hexdigest()


def _picture_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"There is no folder {path}; name a folder that holds the pictures.")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not files:
        raise InputError(f"The folder {path} holds no pictures; put PNG, JPEG or WebP pictures there.")
    return files


def _read(file: Path, size: int, crop_size: int) -> tuple[NDArray[np.uint8], bool] | str:
    """The pixels and whether the file is smaller than the crop, or why it cannot be read."""
    try:
        picture = read_picture(file)
    except UnreadablePicture as error:
        return str(error)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC)), min(picture.size) < crop_size


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
