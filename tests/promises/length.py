"""How long the tests of promises run: briefly by `make test`, at length by `make soak`."""

from __future__ import annotations

import os


def counted(*, short: int, long: int) -> int:
    """How many times something is done."""
    return long if os.environ.get("PLEINAIR_SOAK") else short
