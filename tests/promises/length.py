"""How much the tests of the promises do: little with all other tests, much in ``make soak``."""

from __future__ import annotations

import os
from typing import TypeVar

MINUTES = "PLEINAIR_SOAK_MINUTES"
"""The variable of the environment by which ``make soak`` says how long its mixed traffic lasts."""

Count = TypeVar("Count", int, float)


def counted(*, short: Count, long: Count) -> Count:
    """``short``, or ``long`` in ``make soak``: rounds, clients, or seconds."""
    return long if os.environ.get(MINUTES) else short
