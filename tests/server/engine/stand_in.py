"""A network whose pieces begin and end when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

import numpy as np

from server.engine.any_size import AnySizeNetwork
from server.engine.cancel import CancelToken
from server.engine.plan import DoesNotFit, Plan
from server.engine.source import RowSource, TakeBand, TensorSource

Before = Callable[[int, CancelToken], None]
"""Called with the number of the piece that begins, and the request's token."""


@dataclass
class Gate:
    """A piece that holds the device until it is opened, or cancelled."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False

    def hold(self, token: CancelToken) -> None:
        self.entered.set()
        while not self.opened.wait(0.005):
            if token.is_cancelled:
                self.cancelled = True
                raise RuntimeError("cancelled")


@dataclass
class StandIn(AnySizeNetwork):
    """Inverts in pieces, each of as many rows, or all in the last one when ``at_the_end``. ``least`` bytes are needed,
    and ``most`` taken where there are so many. Nothing is padded."""

    pieces: int = 1
    before: Before = lambda number, token: None
    least: int = 1
    most: int = 1
    at_the_end: bool = False
    takes_batches: bool = False
    batches: list[int] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    closed: int = 0

    @property
    def backend_name(self) -> str:
        return "CPUExecutionProvider"

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> Plan:
        if memory < self.least:
            raise DoesNotFit(self.least)
        self.plans.append(StandInPlan(self, min(memory, self.most)))
        return self.plans[-1]

    def translate(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], plan: Plan, token: CancelToken
    ) -> Generator[float, None, None]:
        return plan.run(sources, takers, token)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError)


@dataclass(frozen=True)
class StandInPlan:
    network: StandIn
    memory_bytes: int

    @property
    def pieces(self) -> int:
        return self.network.pieces

    @property
    def takes_batches(self) -> bool:
        return self.network.takes_batches

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        if len(sources) > 1:
            self.network.batches.append(len(sources))
        done = 0
        try:
            for number in range(1, self.pieces + 1):
                self.network.before(number - 1, token)
                if number == self.pieces or not self.network.at_the_end:
                    bottom = sources[0].height * number // self.pieces
                    for source, take in zip(sources, takers, strict=True):
                        take(-source.rows(done, bottom))
                    done = bottom
                yield number / self.pieces
        finally:
            self.network.closed += 1


def held(gate: Gate, *, at: int = 0) -> Before:
    """The pieces from this one on wait at the gate."""
    return lambda number, token: gate.hold(token) if number >= at else None


def picture(height: int = 8, width: int = 4, value: float = 0.5) -> TensorSource:
    return TensorSource(np.full((1, 3, height, width), value, np.float32))
