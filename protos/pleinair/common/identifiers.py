"""The identifiers of filters, which are file names, URL parts and menu keys at once."""

from __future__ import annotations

import re

LONGEST_IDENTIFIER = 64  # characters

_IDENTIFIER = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{LONGEST_IDENTIFIER - 1}}}")


def is_identifier(text: str) -> bool:
    """Returns whether ``text`` has 1 to 64 lower-case letters, digits, dots, dashes and underscores, and starts with a
    letter or digit."""
    return _IDENTIFIER.fullmatch(text) is not None
