"""A 3 x 3 convolution of a picture that is doubled by linear interpolation right before, without the doubled picture.

What a tile of Winograd's way sees, 6 x 6 doubled pixels, depends on 4 x 4 pixels of the picture: less than half as many
are gathered and turned. Past the edge interpolation would go on where there is padding, so the pixels at the doubled
picture's edge are computed once more, each from the 3 x 3 pixels around it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from server.engine.network.network import Convolution, Layer, Operation, Pad, Resize, Size
from server.engine.network.spans import Margin, Span
from server.engine.tiled import winograd
from server.engine.tiled.areas import Area, Piece
from server.engine.tiled.layout import Layout
from server.engine.tiled.tile_convolutions import Tiled, add_products, is_winograd, place_of
from server.engine.tiled.tile_graph import GraphBuilder

Array = NDArray[Any]

_ONE = Margin(1, 1)


def doubles_by_itself(operation: Operation, pad: Operation, resize: Operation, layout: Layout) -> bool:
    """Whether the convolution does the padding before it, and the doubling before that, on its way."""
    return (
        is_winograd(operation, layout)
        and isinstance(pad, Pad)
        and pad.axes == (_ONE, _ONE)
        and pad.value == 0
        and isinstance(resize, Resize)
        and resize.factors == (2, 2)
        and resize.attributes.get("mode") == b"linear"
        and resize.attributes.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
    )


def add_doubled(graph: GraphBuilder, value: str, layer: Layer, pad: Layer, resize: Layer) -> Tiled:
    """``value`` is the input of the doubling."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    assert isinstance(pad.operation, Pad)
    outside, inside = operation.weight.shape[:2]
    (source,), mode = resize.inputs, pad.operation.mode

    def tiles(piece: Piece) -> Array:
        have, out, size = piece.areas[source], piece.areas[layer.name], piece.sizes[source]
        rows, columns = (
            winograd.along_doubled(span).clip(0, length - 1).clip(held.start, held.stop - 1) - held.start
            for span, length, held in zip(
                (out.rows, out.columns), (size.height, size.width), (have.rows, have.columns), strict=True
            )
        )
        return winograd.tiles(rows, columns, have.columns.length)

    def corner(piece: Piece) -> tuple[int, int]:
        """Tiles begin at even pixels."""
        area = piece.areas[layer.name]
        return area.rows.start % 2, area.columns.start % 2

    def edge(piece: Piece) -> _Edge:
        return _edge(piece.sizes[source], piece.areas[source], piece.areas[layer.name], mode)

    flat = graph.add("Reshape", value, graph.constant(np.array([-1, inside]), np.int64))
    seen = graph.add("Gather", flat, graph.control(tiles, [-1]), axis=0)
    found = add_products(graph, seen, winograd.into_doubled(), operation)
    tiled = Tiled(found, layer.name, corner)

    def places(piece: Piece) -> Array:
        return tiled.pixels(piece)[edge(piece).places()][:, None]

    near = graph.add("Gather", flat, graph.control(lambda piece: edge(piece).seen(), [-1, 9]), axis=0)
    mixed = graph.add("MatMul", graph.control(lambda piece: edge(piece).shares(), [-1, 9, 9], TensorProto.FLOAT), near)
    rows = graph.add("Reshape", mixed, graph.constant(np.array([-1, 9 * inside]), np.int64))
    weight = operation.weight.transpose(2, 3, 1, 0).reshape(9 * inside, outside)
    exact = graph.add("MatMul", rows, graph.weight(np.ascontiguousarray(weight, np.float32)))
    found = graph.add("ScatterND", found, graph.control(places, [-1, 1]), exact)
    return replace(tiled, table=graph.biased(found, operation.bias))


class _Edge:
    """The pixels of a piece, ``out``, that lie at the edge of a picture of ``size``, doubled; at least one pixel,
    wherever it lies. ``have`` is what the piece has of the picture."""

    def __init__(self, size: Size, have: Area, out: Area, mode: str) -> None:
        self._size, self._have, self._out, self._mode = size, have, out, mode
        rows, columns = (np.arange(span.start, span.stop) for span in (self._out.rows, self._out.columns))
        at_edge = _at_edge(rows, 2 * self._size.height)[:, None] | _at_edge(columns, 2 * self._size.width)[None, :]
        at_edge[0, 0] = True
        down, across = np.nonzero(at_edge)
        self._rows, self._columns = rows[down], columns[across]

    def places(self) -> tuple[Array, Array]:
        """Rows and columns of the piece's output."""
        return self._rows - self._out.rows.start, self._columns - self._out.columns.start

    def seen(self) -> Array:
        """The 3 x 3 pixels, of what the piece has, that each depends on."""
        rows, columns = (_near(places, length) - held.start for places, length, held in self._axes())
        seen: Array = rows[:, :, None] * self._have.columns.length + columns[:, None, :]
        return seen.reshape(-1, 9)

    def shares(self) -> NDArray[np.float32]:
        """How much of these 3 x 3 pixels is in each of the 3 x 3 doubled ones that the convolution sees."""
        down, across = (_shares(places, length, self._mode) for places, length, _ in self._axes())
        shares: Array = np.einsum("nij,nkl->nikjl", down, across)
        return shares.reshape(-1, 9, 9).astype(np.float32)

    def _axes(self) -> tuple[tuple[Array, int, Span], tuple[Array, int, Span]]:
        return (
            (self._rows, self._size.height, self._have.rows),
            (self._columns, self._size.width, self._have.columns),
        )


# A piece is asked for several things about it.
_edge = lru_cache(8)(_Edge)


def _at_edge(places: Array, length: int) -> Array:
    at_edge: Array = (places == 0) | (places == length - 1)
    return at_edge


def _near(places: Array, length: int) -> Array:
    """n x 3: which pixels along an axis of ``length`` lie nearest to these of the doubled one."""
    near: Array = (places[:, None] // 2 + np.arange(-1, 2)[None, :]).clip(0, length - 1)
    return near


def _shares(places: Array, length: int, mode: str) -> Array:
    """n x 3 x 3: how much of each near pixel is in the doubled one before, at and after the place."""
    seen = places[:, None] + np.arange(-1, 2)[None, :]
    inside = (seen >= 0) & (seen < 2 * length)
    seen = place_of(seen, mode, 2 * length)
    # Of a doubled pixel, three quarters are the pixel that it lies in, one quarter is the neighbour on its side.
    own = seen // 2 - places[:, None] // 2 + 1
    other = own + np.where(seen % 2, 1, -1)
    shares: Array = 0.75 * (own[..., None] == np.arange(3)) + 0.25 * (other[..., None] == np.arange(3))
    return shares * inside[..., None] if mode == "constant" else shares
