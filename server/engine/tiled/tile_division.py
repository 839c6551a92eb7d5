"""Into which pieces a sweep divides the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from server.engine.network.network import Layer, Pad, Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area, Piece, part_of, trace
from server.engine.tiled.cost import VALUE_BYTES, layer_cost, piece_bytes, piece_cost
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_graph import Task
from server.engine.tiled.winograd import TILE

# Bands over the whole width are kept and read in one run; this much more to compute is worth it. Wider tiles are in
# fewer runs than others, and fewer rows of the picture are held for them.
_WORTH = 1.15
_ABOUT = 1.02


def divide(task: Task, sizes: Mapping[str, Size], picture: Size, layout: Layout, room: int) -> list[Area]:
    """Row by row: bands over the whole width or, where their margins would cost too much or not fit into ``room``
    bytes, tiles. The smallest that can be where nothing fits."""
    search = _Division(task, sizes, picture, layout, room)
    rows, columns = search.best()
    return [
        Area(vertical, horizontal)
        for vertical in _parts(picture.height, rows, search.unit)
        for horizontal in _parts(picture.width, columns, search.unit)
    ]


def piece_of(task: Task, area: Area, sizes: Mapping[str, Size], picture: Size) -> Piece:
    """What the task computes for this area of the picture."""
    return trace(task.layers, {name: part_of(sizes[name], area, picture) for name in task.asked}, sizes)


def held_bytes(task: Task, area: Area, sizes: Mapping[str, Size], picture: Size, layout: Layout) -> int:
    """For a piece and, where it is a tile, for the rows of the picture that tiles beside each other are cut from, and
    those of the result that they are put together to."""
    piece, rows = piece_of(task, area, sizes, picture), 0
    if area.columns.length < picture.width:
        rows += sum(piece.areas[name].rows.length for name in task.loaded if sizes[name] == picture)
        rows += 2 * area.rows.length if task.output else 0  # the tiles' and, copied, all of them
    return piece_bytes(task, piece, layout) + rows * picture.width * picture.channels * VALUE_BYTES


def unit_of(sizes: Mapping[str, Size], picture: Size) -> int:
    """Pieces are a multiple of this high and wide, so that even the smallest layer's are whole tiles."""
    return TILE * max(_scale(size, picture) for size in sizes.values())


def _scale(size: Size, picture: Size) -> int:
    """How many of the picture's rows, or columns where these are more, are one of the layer's."""
    return max(1, round(picture.height / size.height), round(picture.width / size.width))


@dataclass(frozen=True)
class _Division:
    task: Task
    sizes: Mapping[str, Size]
    picture: Size
    layout: Layout
    room: int

    @property
    def unit(self) -> int:
        """Also enough for every layer's padding to have all that it reflects, in the piece at the edge."""
        unit = unit_of(self.sizes, self.picture)
        deepest = (self._reflected(layer) for layer in self.task.layers)
        return _whole(max(deepest, default=1), unit)

    def _reflected(self, layer: Layer) -> int:
        if not isinstance(layer.operation, Pad):
            return 1
        margin = max(max(axis.before, axis.after) for axis in layer.operation.axes)
        # One for the pixel that is not reflected, one because what corresponds to an area may be a pixel smaller.
        return (2 * margin + 2) * _scale(self.sizes[layer.inputs[0]], self.picture)

    def best(self) -> tuple[int, int]:
        found: list[tuple[float, int, int]] = []
        for columns in self._widths():
            rows = self._most_rows(columns)
            if not rows:
                continue
            margin = self._margin(rows, columns)
            if columns == self.picture.width:
                if margin < _WORTH:
                    return rows, columns
                margin /= _WORTH
            found.append((margin, rows, columns))
        most = _ABOUT * min((margin for margin, _, _ in found), default=1.0)
        return next(((rows, columns) for margin, rows, columns in found if margin <= most), (self.unit, self.unit))

    def _widths(self) -> Iterator[int]:
        columns = self.picture.width
        while columns > self.unit:
            yield columns
            columns = _whole(-(-columns // 2), self.unit)

    def _most_rows(self, columns: int) -> int:
        """As many as fit; 0 when not even the fewest do."""
        most, few, many = 0, 1, -(-self.picture.height // self.unit)
        while few <= many:
            middle = (few + many) // 2
            if self._bytes(middle * self.unit, columns) <= self.room:
                most, few = middle, middle + 1
            else:
                many = middle - 1
        return most * self.unit

    def _bytes(self, rows: int, columns: int) -> int:
        return held_bytes(self.task, self._middle(rows, columns), self.sizes, self.picture, self.layout)

    def _margin(self, rows: int, columns: int) -> float:
        """How many times as much is computed as without pieces."""
        piece = piece_of(self.task, self._middle(rows, columns), self.sizes, self.picture)
        share = min(rows, self.picture.height) * min(columns, self.picture.width) / self.picture.pixels
        whole = sum(
            layer_cost(layer, self.sizes[layer.name].channels, self.layout) * self.sizes[layer.name].pixels
            for layer in self.task.layers
        )
        return piece_cost(self.task, piece, self.layout) / (whole * share) if whole else 1.0

    def _middle(self, rows: int, columns: int) -> Area:
        """One of this size that lies away from the picture's edges, where it can."""
        vertical, horizontal = (
            Span(max(0, (length - part) // 2), min(length, max(0, (length - part) // 2) + part))
            for length, part in ((self.picture.height, rows), (self.picture.width, columns))
        )
        return Area(vertical, horizontal)


def _parts(length: int, most: int, unit: int) -> Iterator[Span]:
    """Equal ones, multiples of the unit; a small rest belongs to the last."""
    count = -(-length // most)
    step = _whole(-(-length // count), unit)
    starts = list(range(0, length, step))
    if len(starts) > 1 and length - starts[-1] < unit:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield Span(start, stop)


def _whole(length: int, unit: int) -> int:
    return -(-length // unit) * unit
