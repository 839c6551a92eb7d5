"""Numbers that a server tells, as windows can show them."""

from __future__ import annotations

MOST_SECONDS = 1e9  # three decades


def share(told: float | None) -> float | None:
    """Returns the share, 0 to 1; None for what is none, such as NaN."""
    return _within(told, 1.0)


def seconds(told: float | None) -> float | None:
    """Returns the time in seconds; None for what is none."""
    return _within(told, MOST_SECONDS)


def _within(told: float | None, most: float) -> float | None:
    return told if told is not None and 0 <= told <= most else None
