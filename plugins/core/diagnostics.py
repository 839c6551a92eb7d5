"""A report that an artist can give to anyone who helps: everything that matters, and no secrets."""

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
    """Returns lines of text. ``host`` is the editor with its version, ``log`` has further lines. The token and the
    home folder, which may reveal the artist's name, are replaced wherever they occur."""
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
    """Returns the text with ~ for the home folder, also in paths with Python's escapes."""
    try:
        place = Path.home()
    except RuntimeError:  # the system knows no home folder
        return text
    if place == place.parent:  # the root folder, with which every path begins
        return text
    home = str(place)
    folders = "|".join(re.escape(folder) for folder in {home, repr(home)[1:-1]})
    return re.sub(rf"(?:{folders})(?![\w.-])", "~", text)


def _told(settings: Settings) -> dict[str, object]:
    return {**asdict(settings), "token": "set" if settings.token else "none"}
