"""The error for input that cannot work, with a sentence for the person who gave it."""

from __future__ import annotations


class InputError(Exception):
    """Says in one sentence what was wrong, what was expected and what to do. Programs print it and exit with 2."""
