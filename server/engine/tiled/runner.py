"""Computes a picture in sweeps of pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.network.network import Network, Normalisation
from server.engine.network.spans import Span
from server.engine.plan import Overflow
from server.engine.tiled.areas import Area, Piece
from server.engine.tiled.division import piece_of
from server.engine.tiled.graph import Array
from server.engine.tiled.layout import Layout
from server.engine.tiled.plan import PiecePlan, PlannedSweep
from server.engine.tiled.programs import Program, Programs
from server.engine.tiled.statistics import Statistics
from server.engine.tiled.store import FileStore, MemoryStore, Store

# The picture's rows from the first to before the second, 1 x C x rows x width, as the network takes them.
Rows = Callable[[int, int], NDArray[np.float32]]
# Takes the result's next rows.
Emit = Callable[[NDArray[np.float32]], None]

# The bits of float16's infinities. Finite values' bits are smaller as integers: with a sign, or, below zero, without.
_INFINITE = 0x7C00
_MINUS_INFINITE = 0xFC00


class PieceRun:
    """One picture's computation."""

    def __init__(self, network: Network, programs: Programs, plan: PiecePlan, layout: Layout) -> None:
        self._network = network
        self._programs = programs
        self._plan = plan
        self._picture = plan.sizes[network.input]
        self._store: Store = (
            FileStore(layout, plan.kept) if plan.in_file else MemoryStore(layout, plan.kept, recycles=plan.recycles)
        )
        self._known: dict[str, Array] = {}
        self._seen: tuple[Span, Array] | None = None  # rows of the picture, for the tiles beside each other

    def steps(self, rows: Rows, emit: Emit, control: RunControl) -> Iterator[tuple[PlannedSweep, int]]:
        """Each next() computes a piece, whose sweep and number it gives. Raises Overflow, and OSError where a file is
        full."""
        try:
            for planned in self._plan.sweeps:
                yield from self._sweep(planned, rows, emit, control)
        finally:
            self._seen = None
            self._store.close()

    def _sweep(
        self, planned: PlannedSweep, rows: Rows, emit: Emit, control: RunControl
    ) -> Iterator[tuple[PlannedSweep, int]]:
        program = self._programs.program(planned.sweep, self._plan.kept)
        task = planned.task
        for name in task.stored:
            self._store.open(name, self._plan.sizes[name])
        statistics = Statistics(self._plan.sizes[task.measured].channels) if task.measured else None
        band: list[Array] = []
        following: Piece | None = self._piece(planned, 0)
        for number, area in enumerate(planned.areas):
            assert following is not None
            piece, following = following, self._piece(planned, number + 1)
            places = {f"{name}/stored": self._store.place(name, piece.asked[name]) for name in task.stored}
            answers = program.run(piece, self._fed(program, piece, rows), places, control)
            for name in task.stored:
                self._keep(name, piece.asked[name], answers[f"{name}/stored"], places[f"{name}/stored"])
            if statistics and task.measured:
                pixels = piece.asked[task.measured].pixels
                statistics.add(pixels, answers[f"{task.measured}/mean"], answers[f"{task.measured}/square"])
            if task.output:
                self._check(answers[task.output])
                band.append(answers[task.output])
                if area.columns.stop == self._picture.width:
                    emit(band[0] if len(band) == 1 else np.concatenate(band, axis=3))
                    band.clear()
            if area.columns.stop == self._picture.width:
                self._seen = None
                self._let_go(planned, following)
            yield planned, number
        if statistics:
            self._know(planned, statistics)

    def _fed(self, program: Program, piece: Piece, rows: Rows) -> dict[str, Array]:
        return {name: self._value(name, piece, rows) for name in program.given}

    def _value(self, name: str, piece: Piece, rows: Rows) -> Array:
        if name in self._known:
            return self._known[name]
        area = piece.areas[name]
        if name != self._network.input:
            return self._store.read(name, area)
        if area.columns.length == self._picture.width:
            return np.ascontiguousarray(rows(area.rows.start, area.rows.stop))
        if self._seen is None or self._seen[0] != area.rows:
            self._seen = None  # so that there are no two at a time
            self._seen = area.rows, rows(area.rows.start, area.rows.stop)
        return np.ascontiguousarray(self._seen[1][..., area.columns.start : area.columns.stop])

    def _keep(self, name: str, area: Area, values: Array, place: Array | None) -> None:
        """The statistics do not tell of an overflow: they are taken before, of values at full precision."""
        if values.dtype == np.float16 and not _are_finite(values):
            raise Overflow("Values were too large to be kept at half precision.")
        if place is None:
            self._store.write(name, area, values)

    def _piece(self, planned: PlannedSweep, number: int) -> Piece | None:
        """None past the last."""
        if number == len(planned.areas):
            return None
        return piece_of(planned.task, planned.areas[number], self._plan.sizes, self._picture)

    def _let_go(self, planned: PlannedSweep, following: Piece | None) -> None:
        """Of what later sweeps do not start from, the rows that the ``following`` pieces do not need."""
        ahead = following.areas if following else {}
        for name in planned.sweep.start.names - planned.sweep.keep.names:
            self._store.drop(name, ahead[name].rows.start if name in ahead else None)

    def _check(self, values: Array) -> None:
        """What is kept and too large for its type makes everything that depends on it infinite, or no number."""
        if not np.isfinite([values.min(), values.max()]).all():
            if self._plan.kept == np.float16:
                raise Overflow("Values were too large to be kept at half precision.")
            raise ValueError("The network answered with values that are not finite.")

    def _know(self, planned: PlannedSweep, statistics: Statistics) -> None:
        layer = self._network.layers[planned.sweep.stop]
        assert isinstance(layer.operation, Normalisation)
        self._check(statistics.mean)
        deviation = np.sqrt(statistics.variance + layer.operation.epsilon)
        self._known[f"{layer.name}/mean"] = statistics.mean.astype(np.float32)
        self._known[f"{layer.name}/factor"] = (layer.operation.scale / deviation).astype(np.float32)


def _are_finite(values: Array) -> bool:
    """Of float16. Unlike numpy's isfinite, this makes no array as large, which would be memory that the system has to
    clear."""
    return bool(values.view(np.int16).max() < _INFINITE and values.view(np.uint16).max() < _MINUS_INFINITE)
