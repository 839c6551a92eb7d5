"""The lower-case suffixes by which picture files are found in folders."""

from __future__ import annotations

from importlib.util import find_spec

SERVED = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp")  # the server and the editors
_MORE = (".apng", ".mpo", ".avif", ".avifs", ".bmp", ".dib", ".gif", ".tif", ".tiff")
_PLAIN = (".ppm", ".pgm", ".pbm", ".pnm", ".pfm")
TRAINED_ON = (*SERVED, *_MORE, *_PLAIN)  # training.fit and the scripts
WITH_PACKAGE = {"pillow_heif": (".heic", ".heif", ".hif"), "pillow_jxl": (".jxl",)}  # read where the module is there


def readable() -> tuple[str, ...]:
    """Returns the suffixes of all kinds that ``pleinair.pictures`` reads here."""
    more = (suffixes for module, suffixes in WITH_PACKAGE.items() if find_spec(module))
    return (*TRAINED_ON, *(suffix for suffixes in more for suffix in suffixes))
