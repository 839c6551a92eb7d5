"""What an artist may hand to somebody who helps: everything that matters, and no secret."""

from __future__ import annotations

import platform
import re
import ssl
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from .session import Session
from .settings import Settings


def report(host: str, session: Session, log: Iterable[str] = ()) -> str:
    """Lines of text. ``host`` is the editor with its version, ``log`` what it has to tell besides. Neither the token
    nor the home folder, which tells the artist's name, occurs in it, wherever it came from."""
    connection = session.connection
    lines = [
        f"Editor: {host}",
        f"System: {platform.platform()}",
        f"Python: {platform.python_version()} ({sys.executable or 'embedded'}), {ssl.OPENSSL_VERSION}",
        f"Connection: {connection.kind}. {connection.sentence} {connection.remedy}".rstrip(),
        f"Filters: {', '.join(f'{one.id} ({one.sha256[:12]})' for one in session.filters) or 'none'}",
        *(f"Not served: {one.file_name}: {one.reason}" for one in session.rejected),
        *(f"Setting {name}: {value!r}" for name, value in _told(session.settings).items()),
        *log,
    ]
    text = "\n".join(lines) + "\n"
    token = session.settings.token.strip()
    return _without_home(text.replace(token, "(the token)") if token else text)


def _without_home(text: str) -> str:
    """With ~ for the home folder, also where a path is quoted as Python does it."""
    try:
        place = Path.home()
    except RuntimeError:  # this system names none
        return text
    if place == place.parent:  # the root of all, which would be everywhere
        return text
    home = str(place)
    folders = "|".join(re.escape(folder) for folder in {home, repr(home)[1:-1]})
    return re.sub(rf"(?:{folders})(?![\w.-])", "~", text)


def _told(settings: Settings) -> dict[str, object]:
    return {**asdict(settings), "token": "set" if settings.token else "none"}
