"""Zips as archive managers unpack them."""

from __future__ import annotations

import zipfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    """With permissions, which Python's own extraction leaves out."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            path = Path(opened.extract(member, folder))
            path.chmod((member.external_attr >> 16) & 0o777)
