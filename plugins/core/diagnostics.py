"""What an artist may hand to somebody who helps: everything that matters, and no secret."""

from __future__ import annotations

import platform
import ssl
import sys
from collections.abc import Iterable
from dataclasses import asdict

from .session import Session
from .settings import Settings


def report(host: str, session: Session, log: Iterable[str] = ()) -> str:
    """Lines of text, in English whatever the artist's language. ``host`` is the editor with its version, ``log`` what
    it has to tell besides. The token does not occur in it, wherever it came from."""
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
    return text.replace(token, "(the token)") if token else text


def _told(settings: Settings) -> dict[str, object]:
    return {**asdict(settings), "token": "set" if settings.token else "none"}
