"""A filter's description of itself: the ``pleinair.*`` texts in its ONNX file, or a sidecar in their place."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from PIL import Image
from pleinair.common.identifiers import LONGEST_IDENTIFIER, is_identifier
from pleinair.common.limits import LARGEST_THUMBNAIL, LONGEST_TEXT
from pleinair.common.metadata import FORMAT, PREFIX, VALUE_RANGE

from server.errors import FilterProblem
from server.filters.sidecar import GREATEST_MULTIPLE, Sidecar
from server.pictures.files import PictureError, decode_picture

_MOST_THUMBNAIL_PIXELS = 1 << 20
_THUMBNAIL_SIZE = (512, 256)  # the largest that is served: a page of 200 filters must fit in one message


@dataclass(frozen=True)
class Description:
    """What a filter says about itself, for people and menus; ``thumbnail`` is a JPEG file or empty."""

    identifier: str
    title: str = ""
    description: str = ""
    source_domain: str = ""
    target_domain: str = ""
    method: str = ""
    spatial_multiple: int = 1
    licence: str = ""
    images_seen: int = 0
    data_fingerprint: str = ""
    package_version: str = ""
    commit: str = ""
    thumbnail: bytes = b""


def from_metadata(metadata: Mapping[str, str]) -> Description:
    """Reads an ONNX file's metadata_props, which must contain ``pleinair.format``. Raises FilterProblem."""
    given = {key.removeprefix(PREFIX): text for key, text in metadata.items() if key.startswith(PREFIX)}
    if given["format"] != FORMAT:
        raise FilterProblem(
            f"Its format version is {given['format'][:20]!r} and this server reads {FORMAT}; update the server, or"
            " export the filter again."
        )
    if given.get("value_range") != VALUE_RANGE:
        raise FilterProblem(
            f"Its value range is {given.get('value_range', '')[:20]!r}, and it must be {VALUE_RANGE!r};"
            " export it again."
        )
    identifier = given.get("identifier", "")
    return _checked(
        Description(
            identifier=identifier,
            title=given.get("title") or identifier,
            spatial_multiple=_number(given, "spatial_multiple", 1, GREATEST_MULTIPLE),
            images_seen=_number({"images_seen": "0"} | given, "images_seen", 0, (1 << 64) - 1),
            thumbnail=_thumbnail(given.get("thumbnail", "")),
            **{key: given.get(key, "") for key in _PLAIN},
        )
    )


def from_sidecar(stem: str, sidecar: Sidecar) -> Description:
    """Describes a filter by its sidecar; the identifier is the file's ``stem`` with unsuitable characters replaced.
    Raises FilterProblem."""
    return _checked(
        Description(
            identifier=re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")[:LONGEST_IDENTIFIER] or "filter",
            title=sidecar.title or stem,
            description=sidecar.description,
            source_domain=sidecar.source_domain,
            target_domain=sidecar.target_domain,
            method="onnx",
            spatial_multiple=sidecar.multiple,
            licence=sidecar.licence,
        )
    )


_PLAIN = (
    "description",
    "source_domain",
    "target_domain",
    "method",
    "licence",
    "data_fingerprint",
    "package_version",
    "commit",
)


def _checked(description: Description) -> Description:
    if not is_identifier(description.identifier):
        raise FilterProblem(
            f"Its identifier {description.identifier[:70]!r} is not 1 to 64 lower-case letters, digits, dots, dashes"
            " and underscores that start with a letter or digit; export it with another --identifier."
        )
    for field in fields(description):
        value = getattr(description, field.name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise FilterProblem(
                f"Its {field.name.replace('_', ' ')} has {len(value)} characters, and at most {LONGEST_TEXT} are"
                " allowed; shorten it."
            )
    return description


def _number(given: Mapping[str, str], key: str, least: int, most: int) -> int:
    text = given.get(key, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and least <= int(text) <= most):
        raise FilterProblem(
            f"Its {key.replace('_', ' ')} is {text[:20]!r}, and a whole number from {least} to {most} was expected;"
            " export it again."
        )
    return int(text)


def _thumbnail(text: str) -> bytes:
    try:
        thumbnail = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FilterProblem("Its thumbnail is not base64 text; export it again.") from error
    if len(thumbnail) > LARGEST_THUMBNAIL:
        raise FilterProblem(
            f"Its thumbnail has {len(thumbnail)} bytes, and at most {LARGEST_THUMBNAIL} are allowed; make it smaller."
        )
    return _as_jpeg(thumbnail) if thumbnail else b""


def _as_jpeg(webp: bytes) -> bytes:
    """Converts a thumbnail: files hold WebP, which is smaller, but all editors' toolkits read JPEG."""
    if not webp.startswith(b"RIFF"):
        raise FilterProblem("Its thumbnail is not a WebP picture; export it again.")
    try:
        picture = Image.fromarray(decode_picture(webp, max_pixels=_MOST_THUMBNAIL_PIXELS).pixels).convert("RGB")
    except PictureError as error:
        raise FilterProblem("Its thumbnail is a WebP picture that is damaged or too large; export it again.") from error
    picture.thumbnail(_THUMBNAIL_SIZE)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()
