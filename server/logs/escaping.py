"""Texts of others made harmless to show: a file's name, a caller's words, a library's message."""

from __future__ import annotations

LONGEST = 4000  # characters


def printable(text: str, longest: int = LONGEST) -> str:
    """The text on one line, with ``\\n``, ``\\x1b``, ``\\u202e`` and the like for what is not printable (line ends,
    terminals' escape codes, changes of direction); cut off after ``longest`` characters."""
    if len(text) > longest:
        text = f"{text[:longest]}... ({len(text)} characters)"
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
