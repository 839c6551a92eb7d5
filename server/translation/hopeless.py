"""Early refusals: a deadline that cannot be met is said at once, not when it has passed."""

from __future__ import annotations

from server.engine.pace import Pace
from server.engine.worker import Worker
from server.errors import Reason, Refusal

# Of what is foretold: a deadline that is nearly long enough is given its chance.
_CERTAIN = 0.75


def refuse_if_hopeless(worker: Worker, pace: Pace, client: str, pixels: int, seconds: float | None) -> None:
    """Raises Refusal when a picture of ``pixels`` pixels would surely not be done within ``seconds`` (None: no limit),
    by what its filter's ``pace`` and the queue tell."""
    needed = None if seconds is None else worker.least_seconds(client, pixels, pace)
    if needed is None or seconds is None or needed * _CERTAIN <= seconds or pace.doubt():
        return
    raise Refusal(
        Reason.DEADLINE_EXCEEDED,
        f"This picture would take about {needed:.3g} seconds, by what the filter took lately and what is before it, and"
        f" the call's deadline is in {max(seconds, 0):.3g}; allow it more time or send a smaller picture.",
    )
