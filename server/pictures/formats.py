"""The kinds of picture files that results are written as, by their suffixes, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import features
from pleinair.pictures.picture import PictureError

DEFAULT_QUALITY = 95


@dataclass(frozen=True)
class Format:
    """A kind of files, by its name and suffixes, the first of which is the usual one. ``is_deep``: 16 bits a sample;
    ``longest_side`` is in pixels; ``feature`` is what Pillow may have been built without."""

    name: str
    suffixes: tuple[str, ...]
    longest_side: int
    is_deep: bool = False
    has_alpha: bool = True
    is_lossy: bool = False
    feature: str = ""

    @property
    def can_be_written(self) -> bool:
        """Whether Pillow writes such files here."""
        return not self.feature or bool(features.check(self.feature))

    @property
    def suffix(self) -> str:
        return self.suffixes[0]

    def check_size(self, height: int, width: int) -> None:
        """Raises PictureError for a picture that is too long for such a file."""
        if max(height, width) > self.longest_side:
            raise PictureError(
                f"It is {width:,} x {height:,} pixels, and a {self.name} file has at most {self.longest_side:,} a side;"
                " write a .png file.",
                too_large=True,
            )


PNG = Format("PNG", (".png",), 2**31 - 1, is_deep=True)
JPEG = Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), 65_500, has_alpha=False, is_lossy=True)
WEBP = Format("WebP", (".webp",), 16_383, is_lossy=True, feature="webp")
TIFF = Format("TIFF", (".tif", ".tiff"), 2**31 - 1, is_deep=True)
AVIF = Format("AVIF", (".avif",), 65_535, is_lossy=True, feature="avif")
FORMATS = (PNG, JPEG, WEBP, TIFF, AVIF)


def format_of(suffix: str) -> Format | None:
    """Returns the format of files with this suffix, such as ".JPG", or None."""
    return next((known for known in FORMATS if suffix.lower() in known.suffixes), None)
