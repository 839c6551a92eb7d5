"""A canvas whose pieces begin and end when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from server.engine.any_size import Emit, Plan, Source, TensorSource, TooLarge


@dataclass
class Gate:
    """A piece that holds the device until it is opened, or terminated."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    terminated: bool = False

    def hold(self, options: Any) -> None:
        self.entered.set()
        while not self.opened.wait(0.005):
            if options.terminate:
                self.terminated = True
                raise RuntimeError("terminated")


@dataclass
class StandIn:
    """Inverts in pieces, each of as many rows, or all in the last one when ``at_the_end``. ``before`` is called with
    the number of the piece and the run's options; ``least`` bytes are needed, and ``most`` taken where there are so
    many."""

    pieces: int = 1
    before: Callable[[int, Any], None] = lambda number, options: None
    least: int = 1
    most: int = 1
    at_the_end: bool = False
    takes_batches: bool = False
    batches: list[int] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    closed: int = 0
    execution_provider: str = "CPUExecutionProvider"

    def plan(self, height: int, width: int, memory: int) -> Plan:
        if memory < self.least:
            raise TooLarge(self.least)
        self.plans.append(Plan(self.pieces, min(memory, self.most)))
        return self.plans[-1]

    def translate(self, source: Source, emit: Emit, plan: Plan, options: Any) -> Generator[float, None, None]:
        done = 0
        try:
            for number in range(1, self.pieces + 1):
                self.before(number - 1, options)
                if number == self.pieces or not self.at_the_end:
                    bottom = source.height * number // self.pieces
                    emit(-source.rows(done, bottom))
                    done = bottom
                yield number / self.pieces
        finally:
            self.closed += 1

    def translate_batch(self, sources: Sequence[Source], emits: Sequence[Emit], plan: Plan, options: Any) -> None:
        self.batches.append(len(sources))
        self.before(0, options)
        for source, emit in zip(sources, emits, strict=True):
            emit(-source.rows(0, source.height))


def held(gate: Gate, *, at: int = 0) -> Callable[[int, Any], None]:
    """The pieces from this one on wait at the gate."""
    return lambda number, options: gate.hold(options) if number >= at else None


def picture(height: int = 8, width: int = 4, value: float = 0.5) -> TensorSource:
    return TensorSource(np.full((1, 3, height, width), value, np.float32))
