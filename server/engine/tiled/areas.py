"""Where in every layer a piece computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.engine.network.network import Layer, Size
from server.engine.network.spans import Span


@dataclass(frozen=True)
class Area:
    rows: Span
    columns: Span

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.length, self.columns.length

    @property
    def pixels(self) -> int:
        return self.rows.length * self.columns.length

    def hull(self, other: Area) -> Area:
        return Area(self.rows.hull(other.rows), self.columns.hull(other.columns))

    def within(self, size: Size) -> Area:
        return Area(self.rows.within(size.height), self.columns.within(size.width))


@dataclass(frozen=True)
class Piece:
    """``asked``: the parts of some layers that are wanted; ``areas``: what of every layer is computed for that."""

    sizes: Mapping[str, Size]
    asked: Mapping[str, Area]
    areas: Mapping[str, Area]

    def seen(self, layer: Layer, name: str) -> Area:
        """What the layer needs of this input."""
        return needed(layer, self.areas[layer.name]).within(self.sizes[name])


def needed(layer: Layer, area: Area) -> Area:
    """Of the layer's inputs, for this of its output; it may lie partly outside."""
    rows, columns = layer.operation.axes
    return Area(rows.needs(area.rows), columns.needs(area.columns))


def trace(layers: Sequence[Layer], asked: Mapping[str, Area], sizes: Mapping[str, Size]) -> Piece:
    """All that these parts of some layers need, back to what the layers are computed from."""
    areas = dict(asked)
    for layer in reversed(layers):
        need = needed(layer, areas[layer.name])
        for name in layer.inputs:
            part = need.within(sizes[name])
            areas[name] = areas[name].hull(part) if name in areas else part
    return Piece(sizes, asked, areas)


def part_of(size: Size, area: Area, picture: Size) -> Area:
    """The part of a layer that corresponds to ``area`` of the picture: areas that divide the picture divide the
    layer."""

    def scaled(span: Span, length: int, whole: int) -> Span:
        return Span(span.start * length // whole, span.stop * length // whole)

    return Area(scaled(area.rows, size.height, picture.height), scaled(area.columns, size.width, picture.width))
