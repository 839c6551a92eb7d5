"""How much of what is there for all one client may have."""

from __future__ import annotations

import math

_SHARE_OF_ONE = 0.75


def share_of_one(places: int) -> int:
    """How many of these places one client may hold, so that there are some for others."""
    return math.ceil(places * _SHARE_OF_ONE)
