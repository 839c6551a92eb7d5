"""Into which tiles a sweep divides the picture: bands where they fit, narrower tiles where they do not.

A tile is computed with the margin that its layers see around it, so the larger it is the less is computed twice.
Through two 3 x 3 convolutions, 8 rows of the result need 12 rows of the picture, so bands of 8 rows read half as much
again:

    rows of the picture    0       8       16      24
    first band             |=======|--                    computes 0 to 7, reads 0 to 9: nothing lies above it
    second band                  --|=======|--            computes 8 to 15, reads 6 to 17
    third band                           --|=======|--    computes 16 to 23, reads 14 to 25

A band is stored and read in one run of memory, and no rows have to be put together from several tiles; so narrower
tiles must save more than a few percent of the computing before they are preferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from server.engine.network.network import Layer, Size
from server.engine.network.operations import Pad
from server.engine.network.spans import Span
from server.engine.tiled import winograd
from server.engine.tiled.areas import Area, Tile, part_of, trace
from server.engine.tiled.cost import layer_cost
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_task import SweepTask
from server.engine.tiled.tile_cost import VALUE_BYTES, tile_bytes, tile_cost

# Bands lie in one run of memory, for which this much more computing is worth it. Of tiles that are about equally good
# the widest are taken: they lie in fewer runs, and fewer rows of the picture are held for them.
_BAND_ADVANTAGE = 1.15
_NEARLY_AS_GOOD = 1.02


def divide(task: SweepTask, sizes: Mapping[str, Size], picture: Size, layout: Layout, room: int) -> list[Area]:
    """The areas of the picture that the tiles of a sweep compute, row by row; each needs at most ``room`` bytes.

    They are bands or, where the bands' margins would cost too much or not fit, narrower tiles. Where nothing fits, they
    are the smallest tiles that can be.
    """
    search = _TileDivision(task, sizes, picture, layout, room)
    rows, columns = search.best()
    return [
        Area(vertical, horizontal)
        for vertical in _parts(picture.height, rows, search.unit)
        for horizontal in _parts(picture.width, columns, search.unit)
    ]


def tile_of(task: SweepTask, area: Area, sizes: Mapping[str, Size], picture: Size) -> Tile:
    """The tile that the task computes for this area of the picture, with its margins in every layer."""
    return trace(task.layers, {name: part_of(sizes[name], area, picture) for name in task.asked}, sizes)


def held_bytes(task: SweepTask, area: Area, sizes: Mapping[str, Size], picture: Size, layout: Layout) -> int:
    """How many bytes a tile needs. For one that is narrower than the picture this includes the picture's rows that it
    and its neighbours are cut from, and the result's rows that they are put together to."""
    tile, rows = tile_of(task, area, sizes, picture), 0
    if area.columns.length < picture.width:
        rows += sum(tile.areas[name].rows.length for name in task.loaded if sizes[name] == picture)
        rows += 2 * area.rows.length if task.output else 0  # each tile's, and all of them joined
    return tile_bytes(task, tile, layout) + rows * picture.width * picture.channels * VALUE_BYTES


def unit_of(sizes: Mapping[str, Size], picture: Size) -> int:
    """What tiles' heights and widths are multiples of, so that even the smallest layer's are whole blocks of Winograd's
    algorithm."""
    return winograd.OUTPUT_SIDE * max(_scale(size, picture) for size in sizes.values())


def _scale(size: Size, picture: Size) -> int:
    """How many rows of the picture are one row of the layer; or columns, where that is more. A point has none."""
    if size.is_point:
        return 1
    return max(1, round(picture.height / size.height), round(picture.width / size.width))


@dataclass(frozen=True)
class _TileDivision:
    task: SweepTask
    sizes: Mapping[str, Size]
    picture: Size
    layout: Layout
    room: int

    @cached_property
    def unit(self) -> int:
        """The unit of ``unit_of``, or a multiple that is enough for the tile at an edge to hold all that padding
        reflects there."""
        unit = unit_of(self.sizes, self.picture)
        deepest = (self._reflected(layer) for layer in self.task.layers)
        return _whole(max(deepest, default=1), unit)

    def _reflected(self, layer: Layer) -> int:
        if not isinstance(layer.operation, Pad):
            return 1
        margin = max(max(axis.before, axis.after) for axis in layer.operation.axes)
        # One more for the pixel at the edge, which is not reflected, and one for areas that round to a pixel less.
        return (2 * margin + 2) * _scale(self.sizes[layer.inputs[0]], self.picture)

    def best(self) -> tuple[int, int]:
        """The height and width of the tiles."""
        found: list[tuple[float, int, int]] = []
        for columns in self._widths():
            rows = self._most_rows(columns)
            if not rows:
                continue
            margin = self._margin(rows, columns)
            if columns == self.picture.width:
                if margin < _BAND_ADVANTAGE:
                    return rows, columns
                margin /= _BAND_ADVANTAGE
            found.append((margin, rows, columns))
        most = _NEARLY_AS_GOOD * min((margin for margin, _, _ in found), default=1.0)
        return next(((rows, columns) for margin, rows, columns in found if margin <= most), (self.unit, self.unit))

    def _widths(self) -> Iterator[int]:
        columns = self.picture.width
        while columns > self.unit:
            yield columns
            columns = _whole(-(-columns // 2), self.unit)

    def _most_rows(self, columns: int) -> int:
        """The greatest height that fits with this width; 0 where not even one unit does."""
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
        """How many times as much is computed as for the picture as a whole."""
        tile = tile_of(self.task, self._middle(rows, columns), self.sizes, self.picture)
        share = min(rows, self.picture.height) * min(columns, self.picture.width) / self.picture.pixels
        whole = sum(
            layer_cost(layer, self.sizes[layer.name].channels, self.layout) * self.sizes[layer.name].pixels
            for layer in self.task.layers
        )
        return tile_cost(self.task, tile, self.layout) / (whole * share) if whole else 1.0

    def _middle(self, rows: int, columns: int) -> Area:
        """An area of this size in the middle of the picture, where its margins lie inside."""
        vertical, horizontal = (
            Span(max(0, (length - part) // 2), min(length, max(0, (length - part) // 2) + part))
            for length, part in ((self.picture.height, rows), (self.picture.width, columns))
        )
        return Area(vertical, horizontal)


def _parts(length: int, most: int, unit: int) -> Iterator[Span]:
    """Spans of equal length, at most ``most`` and a multiple of the unit; the last may be longer or shorter by a
    rest."""
    count = -(-length // most)
    step = _whole(-(-length // count), unit)
    starts = list(range(0, length, step))
    if len(starts) > 1 and length - starts[-1] < unit:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield Span(start, stop)


def _whole(length: int, unit: int) -> int:
    return -(-length // unit) * unit
