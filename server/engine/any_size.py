"""One filter's network for pictures of any size: padded, computed in the best way that there is, and cropped."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from server.engine.backend import Loaded
from server.engine.cancel import CancelToken
from server.engine.padding import SMALLEST, Cropped, Padded, padded_length
from server.engine.plan import Plan
from server.engine.source import RowSource, TakeBand


class AnySizeNetwork:
    """Pictures are padded to ``multiple``, small ones to ``least`` pixels a side, and never more than is needed:
    instance normalisation sees it."""

    def __init__(self, loaded: Loaded, *, multiple: int, least: int = SMALLEST) -> None:
        self._loaded = loaded
        self._multiple = multiple
        self._least = least

    @property
    def backend_name(self) -> str:
        """What computes it, as summaries tell it."""
        return self._loaded.name

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> Plan:
        """The best within ``memory`` bytes for pictures of this size; ``exact``: nothing is kept at half precision.
        Raises DoesNotFit."""
        size = self._padded(height, width)
        offers = (executor.plan(*size, memory, exact=exact) for executor in self._loaded.executors)
        return next(plan for plan in offers if plan is not None)

    def translate(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], plan: Plan, token: CancelToken
    ) -> Generator[float, None, None]:
        """Runs ``plan``, made for the size that all ``sources`` have: each step computes a piece and yields the share
        of the work that is done. Each result goes to its taker, from the top. Raises what Plan.run raises."""
        padded = [Padded(source, *self._padded(source.height, source.width)) for source in sources]
        cropped = [Cropped(source, take) for source, take in zip(sources, takers, strict=True)]
        return plan.run(padded, cropped, token)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        """Whether this is how a run says that the device's memory did not suffice."""
        return self._loaded.is_lack_of_memory(error)

    def _padded(self, height: int, width: int) -> tuple[int, int]:
        return padded_length(height, self._multiple, self._least), padded_length(width, self._multiple, self._least)
