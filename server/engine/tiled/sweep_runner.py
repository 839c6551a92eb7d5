"""Computes a picture sweep by sweep and tile by tile, as a plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.failure import NetworkFault
from server.engine.network.arrays import Array
from server.engine.network.network import Layer, Network, Size
from server.engine.network.operations import Normalisation, Quantity, Statistic
from server.engine.network.spans import Span
from server.engine.plan import Overflow
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.file_store import FileStore
from server.engine.tiled.layer_store import LayerStore
from server.engine.tiled.layout import Layout
from server.engine.tiled.memory_store import MemoryStore
from server.engine.tiled.pooled_statistics import PooledStatistics
from server.engine.tiled.programs import Program, Programs
from server.engine.tiled.tile_division import tile_of
from server.engine.tiled.tiling_plan import PlannedSweep, TilingPlan

ReadRows = Callable[[int, int], NDArray[np.float32]]
"""Gives the picture's rows from the first number up to, and without, the second: 1 x C x rows x width, in the network's
own range."""

EmitRows = Callable[[NDArray[np.float32]], None]
"""Takes the result's next rows, from the top: 1 x C x rows x width, in the network's own range."""

# The bits of float16's infinities. As integers, the bits of finite values are smaller: with a sign for positive ones,
# without for negative ones.
_INFINITE = 0x7C00
_MINUS_INFINITE = 0xFC00

# A float16 is rounded by up to 1 / 2048 of it: at a mean of so many deviations by 1 / 256 of one. Normalisations add
# about so much to the variance.
_MOST_DEVIATIONS = 8
_LEAST_VARIANCE = 1e-5


class SweepRunner:
    """Computes one picture by one plan."""

    def __init__(self, network: Network, programs: Programs, plan: TilingPlan, layout: Layout) -> None:
        self._network = network
        self._programs = programs
        self._plan = plan
        self._picture = plan.sizes[network.input]
        self._store: LayerStore = (
            FileStore(layout, plan.kept) if plan.in_file else MemoryStore(layout, plan.kept, recycles=plan.recycles)
        )
        self._known = _quantities(network, plan.sizes)  # and what is measured, by the names of the graphs' inputs
        self._rows: tuple[Span, Array] | None = None  # of the picture, for tiles side by side

    def steps(self, rows: ReadRows, emit: EmitRows, control: RunControl) -> Iterator[tuple[PlannedSweep, int]]:
        """Each next() computes one tile, and gives its sweep and its number in that sweep. Closing gives up.

        Raises Overflow, ValueError for a result that is not finite, OSError where a temporary file has no room,
        MemoryError, and whatever the backend raises.
        """
        try:
            for planned in self._plan.sweeps:
                yield from self._sweep(planned, rows, emit, control)
        finally:
            self._rows = None
            self._store.close()

    def _sweep(
        self, planned: PlannedSweep, rows: ReadRows, emit: EmitRows, control: RunControl
    ) -> Iterator[tuple[PlannedSweep, int]]:
        program = self._programs.program(planned.sweep, self._plan.kept)
        task = planned.task
        for name in task.stored:
            self._store.open(name, self._plan.sizes[name])
        for name in planned.sweep.gone.difference(task.loaded):
            self._store.drop(name)
        statistics = PooledStatistics(self._plan.sizes[task.measured].channels) if task.measured else None
        side_by_side: list[Array] = []  # the result's tiles that make whole rows together
        following: Tile | None = self._tile(planned, 0)
        for number, area in enumerate(planned.areas):
            assert following is not None
            tile, following = following, self._tile(planned, number + 1)
            answers = self._compute(program, tile, task.stored, rows, control)
            if statistics and task.measured:
                pixels = tile.asked[task.measured].pixels
                statistics.add(pixels, answers[f"{task.measured}/mean"], answers[f"{task.measured}/square"])
            if task.output:
                self._check(answers[task.output])
                side_by_side.append(answers[task.output])
            if area.columns.stop == self._picture.width:
                if side_by_side:
                    emit(side_by_side[0] if len(side_by_side) == 1 else np.concatenate(side_by_side, axis=3))
                    side_by_side.clear()
                self._rows = None
                self._drop(planned, following)
            yield planned, number
        if statistics:
            if task.measured in task.stored:
                self._check_digits(statistics)
            self._learn(planned, statistics)

    def _compute(
        self, program: Program, tile: Tile, stored: Sequence[str], rows: ReadRows, control: RunControl
    ) -> dict[str, Array]:
        """The graph's results for one tile, by name; the layers to be stored are stored."""
        views = {f"{name}/stored": self._store.writable_view(name, tile.asked[name]) for name in stored}
        answers = program.run(tile, {name: self._value(name, tile, rows) for name in program.given}, views, control)
        for name in stored:
            self._keep(name, tile.asked[name], answers[f"{name}/stored"], views[f"{name}/stored"])
        return answers

    def _value(self, name: str, tile: Tile, rows: ReadRows) -> Array:
        if name in self._known:
            return self._known[name]
        area = tile.areas[name]
        if name != self._network.input:
            return self._store.read(name, area)
        if area.columns.length == self._picture.width:
            return np.ascontiguousarray(rows(area.rows.start, area.rows.stop))
        if self._rows is None or self._rows[0] != area.rows:
            self._rows = None  # so that there are no two at a time
            self._rows = area.rows, rows(area.rows.start, area.rows.stop)
        return np.ascontiguousarray(self._rows[1][..., area.columns.start : area.columns.stop])

    def _keep(self, name: str, area: Area, values: Array, view: Array | None) -> None:
        """Stores what was not written to its view, and raises Overflow. The statistics would not show an overflow: they
        are of values at full precision."""
        if values.dtype == np.float16 and not _are_finite(values):
            raise Overflow("Values were too large to be kept at half precision.")
        if view is None:
            self._store.write(name, area, values)

    def _tile(self, planned: PlannedSweep, number: int) -> Tile | None:
        """The tile with this number; None past the last one."""
        if number == len(planned.areas):
            return None
        return tile_of(planned.task, planned.areas[number], self._plan.sizes, self._picture)

    def _drop(self, planned: PlannedSweep, following: Tile | None) -> None:
        """Of layers that later sweeps do not start from, drops the rows that neither ``following`` nor tiles after it
        need."""
        ahead = following.areas if following else {}
        for name in planned.sweep.gone.intersection(planned.task.loaded):
            self._store.drop(name, ahead[name].rows.start if name in ahead else None)

    def _check(self, values: Array) -> None:
        """Raises Overflow or NetworkFault for values that are not finite. A stored value that is too large for its type
        makes everything that depends on it infinite, or not a number."""
        if not np.isfinite([values.min(), values.max()]).all():
            if self._plan.kept == np.float16:
                raise Overflow("Values were too large to be kept at half precision.")
            raise NetworkFault("The network answered with values that are not finite.")

    def _check_digits(self, statistics: PooledStatistics) -> None:
        """Raises Overflow where half precision left too few digits of what was stored and then is normalised."""
        deviations = np.sqrt(statistics.variance + _LEAST_VARIANCE)
        if self._plan.kept == np.float16 and (np.abs(statistics.mean) > _MOST_DEVIATIONS * deviations).any():
            raise Overflow("Values were too much alike to be kept at half precision.")

    def _learn(self, planned: PlannedSweep, statistics: PooledStatistics) -> None:
        """Keeps what the layers that the sweep measured for take."""
        self._check(statistics.mean)
        stop = self._network.layers[planned.sweep.stop]
        for layer in self._network.layers:
            if layer is stop or (isinstance(layer.operation, Statistic) and layer.inputs == stop.inputs):
                self._known |= _taken(layer, statistics)


def _taken(layer: Layer, statistics: PooledStatistics) -> dict[str, Array]:
    """What a layer takes of the statistics of its input, by the names of the graphs' inputs."""
    operation = layer.operation
    assert isinstance(operation, Normalisation | Statistic)
    mean, variance = statistics.of_groups(operation.groups)
    if isinstance(operation, Statistic):
        return {f"{layer.name}/value": (variance if operation.is_variance else mean).astype(np.float32)}
    deviation = np.sqrt(variance + operation.epsilon)
    return {
        f"{layer.name}/mean": mean.astype(np.float32),
        f"{layer.name}/factor": (operation.scale / deviation).astype(np.float32),
    }


def _quantities(network: Network, sizes: Mapping[str, Size]) -> dict[str, Array]:
    """What follows from the picture's size, by the names of the graphs' inputs."""
    found = {}
    for layer in network.layers:
        if isinstance(layer.operation, Quantity):
            shapes = {name: (size.height, size.width) for name, size in sizes.items()}
            found[f"{layer.name}/value"] = np.array([layer.operation.length.at(shapes)], np.float32)
    return found


def _are_finite(values: Array) -> bool:
    """Whether float16 values are finite. Unlike numpy's isfinite this makes no array of the same size, which the system
    would have to clear first."""
    return bool(values.view(np.int16).max() < _INFINITE and values.view(np.uint16).max() < _MINUS_INFINITE)
