"""A 3 x 3 convolution of a picture that was just doubled by linear interpolation, without making the doubled picture.

The 6 x 6 doubled pixels that a block of Winograd's algorithm sees depend on 4 x 4 pixels of the picture, so less than
half as many are gathered and transformed. At the doubled picture's edge this is wrong, for there the convolution sees
padding where interpolation would go on; so the pixels there are computed once more, each from the 3 x 3 pixels around
it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.network.network import Layer, Size
from server.engine.network.operations import Convolution, Operation, Pad, Resize
from server.engine.network.spans import Margin, Span
from server.engine.tiled import winograd
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.convolution_way import ConvolutionWay, way_of
from server.engine.tiled.layout import Layout
from server.engine.tiled.tile_graph import TileGraphBuilder
from server.engine.tiled.winograd_convolution import WinogradTable, add_products, padded_source

_ONE = Margin(1, 1)


def absorbs_doubling(operation: Operation, pad: Operation, resize: Operation, layout: Layout) -> bool:
    """Whether the convolution does the padding right before it, and the resize before that, itself."""
    return (
        way_of(operation, layout) is ConvolutionWay.WINOGRAD
        and isinstance(pad, Pad)
        and pad.axes == (_ONE, _ONE)
        and pad.value == 0
        and isinstance(resize, Resize)
        and resize.factors == (2, 2)
        and resize.attributes.get("mode") == b"linear"
        and resize.attributes.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
    )


def add_doubled(graph: TileGraphBuilder, value: str, layer: Layer, pad: Layer, resize: Layer) -> WinogradTable:
    """Adds the convolution ``layer`` with the padding and the doubling before it; ``value`` is the doubling's input."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    assert isinstance(pad.operation, Pad)
    outside, inside = operation.weight.shape[:2]
    (source,), mode = resize.inputs, pad.operation.mode

    def seen_pixels(tile: Tile) -> Array:
        have, out, size = tile.areas[source], tile.areas[layer.name], tile.sizes[source]
        rows, columns = (
            winograd.seen_along_doubled(span).clip(0, length - 1).clip(held.start, held.stop - 1) - held.start
            for span, length, held in zip(
                (out.rows, out.columns), (size.height, size.width), (have.rows, have.columns), strict=True
            )
        )
        return winograd.seen_pixels(rows, columns, have.columns.length)

    def corner(tile: Tile) -> tuple[int, int]:
        """Blocks begin at even pixels."""
        area = tile.areas[layer.name]
        return area.rows.start % 2, area.columns.start % 2

    def edge(tile: Tile) -> _Edge:
        return _edge(tile.sizes[source], tile.areas[source], tile.areas[layer.name], mode)

    flat = graph.add("Reshape", value, graph.constant(np.array([-1, inside]), np.int64))
    seen = graph.add("Gather", flat, graph.control(seen_pixels, [-1]), axis=0)
    found = add_products(graph, seen, winograd.doubled_input_transform(), operation)
    table = WinogradTable(found, layer.name, corner)

    def places(tile: Tile) -> Array:
        return table.pixels(tile)[edge(tile).places()][:, None]

    near = graph.add("Gather", flat, graph.control(lambda tile: edge(tile).seen(), [-1, 9]), axis=0)
    mixed = graph.add("MatMul", graph.control(lambda tile: edge(tile).shares(), [-1, 9, 9], TensorProto.FLOAT), near)
    rows = graph.add("Reshape", mixed, graph.constant(np.array([-1, 9 * inside]), np.int64))
    weight = operation.weight.transpose(2, 3, 1, 0).reshape(9 * inside, outside)
    exact = graph.add("MatMul", rows, graph.weight(np.ascontiguousarray(weight, np.float32)))
    found = graph.add("ScatterND", found, graph.control(places, [-1, 1]), exact)
    return replace(table, table=graph.biased(found, operation.bias))


class _Edge:
    """Those pixels of the area ``out`` that lie at the edge of a doubled picture; or one pixel anywhere, where there
    are none. ``size`` is the picture's, not doubled, and ``have`` is the area of it that the tile has."""

    def __init__(self, size: Size, have: Area, out: Area, mode: str) -> None:
        self._size, self._have, self._out, self._mode = size, have, out, mode
        rows, columns = (np.arange(span.start, span.stop) for span in (self._out.rows, self._out.columns))
        at_edge = _at_edge(rows, 2 * self._size.height)[:, None] | _at_edge(columns, 2 * self._size.width)[None, :]
        at_edge[0, 0] = True
        down, across = np.nonzero(at_edge)
        self._rows, self._columns = rows[down], columns[across]

    def places(self) -> tuple[Array, Array]:
        """Their rows and their columns within ``out``."""
        return self._rows - self._out.rows.start, self._columns - self._out.columns.start

    def seen(self) -> Array:
        """The indices within ``have`` of the 3 x 3 pixels that each depends on: pixels x 9."""
        rows, columns = (_near(places, length) - held.start for places, length, held in self._axes())
        seen: Array = rows[:, :, None] * self._have.columns.length + columns[:, None, :]
        return seen.reshape(-1, 9)

    def shares(self) -> NDArray[np.float32]:
        """How much of each of these 9 pixels (last axis) is in each of the 9 doubled pixels that the convolution sees:
        pixels x 9 x 9."""
        down, across = (_shares(places, length, self._mode) for places, length, _ in self._axes())
        shares: Array = np.einsum("nij,nkl->nikjl", down, across)
        return shares.reshape(-1, 9, 9).astype(np.float32)

    def _axes(self) -> tuple[tuple[Array, int, Span], tuple[Array, int, Span]]:
        return (
            (self._rows, self._size.height, self._have.rows),
            (self._columns, self._size.width, self._have.columns),
        )


# Several inputs of the graph are made from the same edge.
_edge = lru_cache(8)(_Edge)


def _at_edge(places: Array, length: int) -> Array:
    at_edge: Array = (places == 0) | (places == length - 1)
    return at_edge


def _near(places: Array, length: int) -> Array:
    """The three pixels along an axis of ``length`` that lie nearest to each of these places in the doubled one: n x
    3."""
    near: Array = (places[:, None] // 2 + np.arange(-1, 2)[None, :]).clip(0, length - 1)
    return near


def _shares(places: Array, length: int, mode: str) -> Array:
    """How much of each near pixel (last axis) is in the doubled pixels before, at and after each place: n x 3 x 3."""
    seen = places[:, None] + np.arange(-1, 2)[None, :]
    inside = (seen >= 0) & (seen < 2 * length)
    seen = padded_source(seen, mode, 2 * length)
    # A doubled pixel is three quarters of the pixel that it lies in and one quarter of the neighbour on its side.
    own = seen // 2 - places[:, None] // 2 + 1
    other = own + np.where(seen % 2, 1, -1)
    shares: Array = 0.75 * (own[..., None] == np.arange(3)) + 0.25 * (other[..., None] == np.arange(3))
    return shares * inside[..., None] if mode == "constant" else shares
