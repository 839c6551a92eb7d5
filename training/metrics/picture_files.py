"""A folder of pictures at their own sizes, each decoded on request."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.listing import list_pictures
from training.data.pictures import UnreadablePicture, read_picture
from training.errors import InputError

Pixels = NDArray[np.uint8]


class PictureFiles(Sequence[Pixels]):
    """Every readable picture below a folder, in order of name, as (h, w, 3) uint8 RGB; one is in memory at a time.

    ``skipped`` names the files that cannot be read and why. Raises InputError when there is no folder or no picture.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise InputError(f"There is no folder {path}; name a folder that holds the pictures.")
        self.path = path
        self.files: list[Path] = []
        self.sizes: list[tuple[int, int]] = []  # width, height
        self.skipped: list[str] = []
        for file in list_pictures(path).files:
            self._admit(file)
        if not self.files:
            raise InputError(
                f"The folder {path} holds no readable picture; put PNG, JPEG or WebP pictures there. "
                f"The first, {self.skipped[0]}"
            )

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pixels]: ...
    def __getitem__(self, index: int | slice) -> Pixels | list[Pixels]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        file = self.files[index]
        try:
            return read_pixels(file)
        except UnreadablePicture as error:
            raise InputError(
                f"{file} can no longer be read; do not change the folder while it is measured. {error}"
            ) from None

    def _admit(self, file: Path) -> None:
        try:
            height, width, _ = read_pixels(file).shape
        except UnreadablePicture as error:
            self.skipped.append(f"{file.relative_to(self.path)}: {error}")
        else:
            self.files.append(file)
            self.sizes.append((width, height))


def read_pixels(file: Path) -> Pixels:
    """Reads a picture as (h, w, 3) uint8 RGB. Raises UnreadablePicture."""
    with warnings.catch_warnings():
        # Pillow warns of pictures over 89 megapixels and refuses twice that.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return np.asarray(read_picture(file))
