"""The kinds of picture files, told by their first bytes, and Pillow's readers for them."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import dataclass

from PIL.ImageFile import ImageFile

from pleinair.pictures.picture import PictureError


@dataclass(frozen=True)
class Kind:
    """A kind of picture files: its name, and the module and class of Pillow, or of a package for it, that read it."""

    name: str
    module: str
    reader: str
    package: str = ""  # what pip installs, unless Pillow reads it itself

    def open(self, file: object) -> ImageFile:
        """Returns the picture, not yet decoded. Raises PictureError where the package is missing, or as Pillow does."""
        try:
            module = importlib.import_module(self.module)
        except ImportError as error:
            raise PictureError(
                f"This picture is {self.name}, which is read only with the package {self.package}; run"
                " pip install 'pleinair[pictures]', or save the picture as PNG or JPEG."
            ) from error
        if not getattr(module, "SUPPORTED", True):
            raise PictureError(
                f"This picture is {self.name}, which this build of Pillow does not read; save the picture as PNG or"
                " JPEG, or install Pillow from PyPI."
            )
        # The class and not Image.open, so that no other kind is tried and only our own limit restricts the size.
        opened: ImageFile = getattr(module, self.reader)(file)
        return opened


PNG = Kind("PNG", "PIL.PngImagePlugin", "PngImageFile")
JPEG = Kind("JPEG", "PIL.JpegImagePlugin", "JpegImageFile")
WEBP = Kind("WebP", "PIL.WebPImagePlugin", "WebPImageFile")
TIFF = Kind("TIFF", "PIL.TiffImagePlugin", "TiffImageFile")
GIF = Kind("GIF", "PIL.GifImagePlugin", "GifImageFile")
BMP = Kind("BMP", "PIL.BmpImagePlugin", "BmpImageFile")
PPM = Kind("PPM", "PIL.PpmImagePlugin", "PpmImageFile")
AVIF = Kind("AVIF", "PIL.AvifImagePlugin", "AvifImageFile")
HEIC = Kind("HEIC", "pillow_heif", "HeifImageFile", "pillow-heif")
JPEG_XL = Kind("JPEG XL", "pillow_jxl.JpegXLImagePlugin", "JXLImageFile", "pillow-jxl-plugin")

ALL = (PNG, JPEG, WEBP, TIFF, GIF, BMP, PPM, AVIF, HEIC, JPEG_XL)
SERVED = (PNG, JPEG, WEBP)  # what the server accepts from its callers

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_PPM_TYPES = {b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF"}


def kind_of(data: bytes, among: Collection[Kind] = ALL) -> Kind:
    """Returns the kind of a file that begins like this. Raises PictureError for one that is not among the kinds."""
    names = _listed([kind.name for kind in among])
    if not data:
        raise PictureError(f"The file is empty; expected a {names} picture.")
    kind = _by_signature(data)
    if kind is None or kind not in among:
        raise PictureError(f"This is not a {names} picture; save it as one of these and try again.")
    return kind


def _by_signature(data: bytes) -> Kind | None:
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4]), 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
        return AVIF if brands & _AVIF_BRANDS else HEIC if brands & _HEIC_BRANDS else None
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    if data[:2] in _PPM_TYPES and data[2:3].isspace():
        return PPM
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
