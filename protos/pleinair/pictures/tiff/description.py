"""What TIFF and EXIF tags say about a picture, apart from how its file is laid out."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from PIL import ExifTags, Image

_BASE = ExifTags.Base
_ABOUT = (_BASE.ImageDescription, _BASE.Make, _BASE.Model, _BASE.Software, _BASE.DateTime, _BASE.Artist)
_DESCRIBING = (*_ABOUT, _BASE.Copyright, _BASE.XPTitle, _BASE.XPComment, _BASE.XPAuthor, _BASE.XPKeywords)
_FOLDERS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def copy_description(tags: Image.Exif, into: MutableMapping[int, Any]) -> None:
    """Copies the tags that speak of the picture, with the EXIF and GPS folders. Odd data raises nearly anything."""
    for tag in _DESCRIBING:
        if tag in tags:
            into[tag] = tags[tag]
    for folder in _FOLDERS:
        if inside := tags.get_ifd(folder):
            into[folder] = inside
