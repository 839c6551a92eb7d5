"""The token that all clients of a server share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from server.errors import StartProblem
from server.security.files import read_file

SHORTEST_TOKEN = 16  # characters


def read_token(path: Path, read: Callable[[Path], bytes] = read_file) -> str:
    """Reads the token in a file. Raises StartProblem when it cannot be read, is too short or contains spaces."""
    try:
        token = read(path).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise StartProblem(f"The token in {path} contains characters that are not ASCII; make another.") from error
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
        raise StartProblem(
            f"The token in {path} is not one line of at least {SHORTEST_TOKEN} characters without spaces; make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe())'."
        )
    return token
