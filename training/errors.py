"""What a person did that cannot work, in one sentence for them."""

from __future__ import annotations


class InputError(Exception):
    """Its text is one sentence: what was wrong, what was expected, what to do. Programs print it and exit with 2."""
