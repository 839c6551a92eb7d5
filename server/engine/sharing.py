"""What one request gets of the device: how much memory it plans with, and what is computed together with it."""

from __future__ import annotations

from collections.abc import Iterable

from server.engine.entry import QueueEntry
from server.engine.plan import DoesNotFit, Plan

# Of the memory that is left one request may plan with this share, so that others fit in beside it: in whole steps of
# that of all, for plans are remembered, and nearly the same memory would need another.
_SHARE_OF_ONE = 0.75
_STEPS = 16

# Pictures of one size are computed together up to these limits: how many, the pixels of each, the seconds that all of
# them take, for others wait meanwhile, or, before the filter's pace is known, the pixels of all of them.
MOST_TOGETHER = 8
_LARGEST_TOGETHER = 512 * 512
_SECONDS_TOGETHER = 0.5
_PIXELS_TOGETHER = 512 * 512


def plan_within(entry: QueueEntry, left: int, total: int, spare: int) -> Plan:
    """A plan for the entry, with a share of the ``spare`` bytes that nobody has, or with all that it needs of those
    that are ``left`` for it where that does not do; both of ``total``. Raises DoesNotFit."""
    height, width, step = entry.source.height, entry.source.width, total // _STEPS
    share = int(max(spare, 0) * _SHARE_OF_ONE)
    try:
        return entry.network.plan(height, width, share // step * step if share >= step > 0 else share)
    except DoesNotFit as error:
        if error.memory_bytes > left:
            raise
        return entry.network.plan(height, width, error.memory_bytes)


def companions(entry: QueueEntry, plan: Plan, waiting: Iterable[QueueEntry], left: int) -> list[QueueEntry]:
    """Those of ``waiting`` that are computed together with the entry, by its plan, within the ``left`` bytes of memory;
    in their order."""
    if not plan.takes_batches or entry.pixels > _LARGEST_TOGETHER:
        return []
    by_memory = left // max(plan.memory_bytes, 1)
    by_time = entry.pace.pixels_in(_SECONDS_TOGETHER, unknown=_PIXELS_TOGETHER) // entry.pixels
    most = min(MOST_TOGETHER, by_memory, by_time)
    alike = [other for other in waiting if other is not entry and entry.is_like(other)]
    return alike[: max(most - 1, 0)]
