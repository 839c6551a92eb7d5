"""Makes names for files, and identifiers, from titles."""

from __future__ import annotations

import itertools
import re
import secrets
import unicodedata
from collections.abc import Container

LONGEST = 40  # characters of a title in an identifier, which people read
_JOB = re.compile(r"[a-z0-9][a-z0-9._-]{0,50}-[0-9a-f]{4,8}")


def slug(title: str, default: str) -> str:
    """Returns the title in lower-case ASCII letters, digits, dots and dashes: ``Étretat (2)`` becomes ``etretat-2``.
    Returns ``default`` when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.]+", "-", plain)[:LONGEST].strip("-.") or default


def filter_id(title: str, taken: Container[str]) -> str:
    """Returns a filter's identifier that is not ``taken``, with a number if necessary."""
    name = slug(title, "filter")
    candidates = (f"{name}-{number}" if number > 1 else name for number in itertools.count(1))
    return next(candidate for candidate in candidates if candidate not in taken)


def job_id(title: str, taken: Container[str]) -> str:
    name = slug(title, "training")
    candidates = (f"{name}-{secrets.token_hex(2 + attempt // 100)}" for attempt in range(300))
    return next(candidate for candidate in candidates if candidate not in taken)


def is_job_id(text: str) -> bool:
    return _JOB.fullmatch(text) is not None
