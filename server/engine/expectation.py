"""How long a picture that comes now will take at least, with what is computed before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from server.engine.pace import Pace


class Expected(Protocol):
    """A request that is in the queue already."""

    @property
    def client(self) -> str: ...

    @property
    def pixels_left(self) -> float: ...

    @property
    def holds_device(self) -> bool: ...

    def least_seconds_left(self, now: float) -> float: ...


def least_seconds(client: str, pixels: int, pace: Pace, others: Iterable[Expected], now: float) -> float | None:
    """Seconds until a picture of ``pixels`` pixels is done, by the filter's ``pace``; None where it does not tell.

    Only what is sure to come before it counts: a picture that is being computed whole, and what the same client has
    asked for that is smaller. What other clients have asked for takes turns with it.
    """
    own = pace.least_seconds_for(pixels)
    if own is None:
        return None
    return own + sum(other.least_seconds_left(now) for other in others if _is_before(other, client, pixels))


def _is_before(other: Expected, client: str, pixels: int) -> bool:
    return other.holds_device or (other.client == client and other.pixels_left < pixels)
