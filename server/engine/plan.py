"""How a picture will be computed: what an executor offers for it, and why it may offer nothing."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from server.engine.cancel import CancelToken
from server.engine.source import RowSource, TakeBand


class Plan(Protocol):
    """One way to compute pictures of one size, with everything decided."""

    @property
    def pieces(self) -> int:
        """How many runs it takes, between which other requests may have their turns; 1 computes all at once."""

    @property
    def memory_bytes(self) -> int:
        """What it takes at most, beside the caller's own pixels."""

    @property
    def takes_batches(self) -> bool:
        """Whether several pictures may be computed together."""

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        """Each step computes one piece, hands each source's taker the rows that are ready, of the source's width, and
        yields the share of the work that is done, 1 at the end. One source, or several where ``takes_batches``.

        Raises Overflow, ValueError for a result of another size than the picture's or with values that are not finite,
        OSError where a temporary file has no room, and whatever the backend raises, also when ``token`` is cancelled.
        """


class Executor(Protocol):
    """A way to compute a network."""

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> Plan | None:
        """For pictures of this size within ``memory`` bytes; ``exact``: nothing is kept at half precision. None where
        the executors after it are to be asked. Raises DoesNotFit where those would need more memory too."""


class DoesNotFit(Exception):
    """No plan stays within the memory; ``memory_bytes`` is the least that would do. ``operation`` names what keeps the
    network from being computed in pieces, if anything does."""

    def __init__(self, memory_bytes: int, operation: str | None = None) -> None:
        super().__init__(f"It takes {memory_bytes} bytes at least.")
        self.memory_bytes = memory_bytes
        self.operation = operation


class Overflow(ArithmeticError):
    """Values are too large, or too much alike, to be stored at half precision, as the plan has it; an exact plan has
    room for them."""
