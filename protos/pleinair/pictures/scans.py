"""How many times a JPEG file lets its reader go over the whole picture."""

from __future__ import annotations

import re

from pleinair.pictures.picture import PictureError

MOST_SCANS = 100  # progressive files have about ten

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # those that have a length, but for the end (ITU-T T.81, B.1.1)
_END, _SCAN, _TEMPORARY = 0xD9, 0xDA, 0x01


def check_scans(data: bytes) -> None:
    """Raises PictureError for a file of more scans: each takes the time of a whole picture, and only a few bytes."""
    at, scans = 2, 0
    while (found := _MARKER.search(data, at)) and (marker := data[found.start() + 1]) != _END:
        scans += marker == _SCAN
        if scans > MOST_SCANS:
            raise PictureError(
                f"This JPEG file has more than {MOST_SCANS} scans, and about ten are usual; save it again and try that."
            )
        length = 0 if marker == _TEMPORARY else int.from_bytes(data[found.end() : found.end() + 2])
        at = found.end() + length
