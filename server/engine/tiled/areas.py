"""Where a tile lies in every layer: the area that is computed there, with the margins that later layers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.engine.network.network import Layer, Size
from server.engine.network.spans import Span


@dataclass(frozen=True)
class Area:
    """A rectangle of pixels in the picture or in a layer."""

    rows: Span
    columns: Span

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows.length, self.columns.length

    @property
    def pixels(self) -> int:
        """Height times width."""
        return self.rows.length * self.columns.length

    def hull(self, other: Area) -> Area:
        """The smallest area that holds both."""
        return Area(self.rows.hull(other.rows), self.columns.hull(other.columns))

    def within(self, size: Size) -> Area:
        """The part of it that lies in a layer of this size."""
        return Area(self.rows.within(size.height), self.columns.within(size.width))


@dataclass(frozen=True)
class Tile:
    """One tile in every layer, by the layers' names: ``asked`` are the areas that are wanted of some of them, ``areas``
    are those that are computed for that, and ``sizes`` those of the whole layers."""

    sizes: Mapping[str, Size]
    asked: Mapping[str, Area]
    areas: Mapping[str, Area]

    def seen(self, layer: Layer, name: str) -> Area:
        """The area that the layer needs of this one of its inputs, without what lies outside the input."""
        return _needed_of(self.sizes[name], needed(layer, self.areas[layer.name]))


def needed(layer: Layer, area: Area) -> Area:
    """The area of the layer's inputs that this area of its output depends on; it may reach past their edges."""
    rows, columns = layer.operation.axes
    return Area(rows.needs(area.rows), columns.needs(area.columns))


def trace(layers: Sequence[Layer], asked: Mapping[str, Area], sizes: Mapping[str, Size]) -> Tile:
    """The tile in which these areas of some layers are computed, traced back through the layers that lead to them."""
    areas = dict(asked)
    for layer in reversed(layers):
        need = needed(layer, areas[layer.name])
        for name in layer.sees:
            part = _needed_of(sizes[name], need)
            areas[name] = areas[name].hull(part) if name in areas else part
    return Tile(sizes, asked, areas)


def part_of(size: Size, area: Area, picture: Size) -> Area:
    """The area of a layer of this size that corresponds to ``area`` of the picture. Areas that divide the picture
    correspond to areas that divide the layer."""

    def scaled(span: Span, length: int, whole: int) -> Span:
        return Span(span.start * length // whole, span.stop * length // whole)

    return Area(scaled(area.rows, size.height, picture.height), scaled(area.columns, size.width, picture.width))


def _needed_of(size: Size, area: Area) -> Area:
    """The part of this area that lies in a layer of this size: of a point, which has no place, all of it."""
    return Area(Span(0, 1), Span(0, 1)) if size.is_point else area.within(size)
