"""A 3 x 3 convolution of a picture that was just doubled by linear interpolation, without making the doubled picture.

The 6 x 6 doubled pixels that a block of Winograd's algorithm sees depend on 4 x 4 pixels of the picture, so less than
half as many are gathered and transformed. At the doubled picture's edge this is wrong, for there the convolution sees
padding where interpolation would go on; so the pixels there are computed once more, each from the 3 x 3 pixels around
it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import Convolution, Operation, Pad, Resize
from server.engine.network.spans import Margin
from server.engine.tiled import winograd
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.convolution_way import ConvolutionWay, way_of
from server.engine.tiled.doubled_edge import DoubledEdge, doubled_edge
from server.engine.tiled.layout import Layout
from server.engine.tiled.tile_graph import TileGraphBuilder
from server.engine.tiled.winograd_convolution import WinogradTable, add_products

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
    operation, (source,) = layer.operation, resize.inputs
    assert isinstance(operation, Convolution)
    flat = graph.add("Reshape", value, graph.constant(np.array([-1, operation.weight.shape[1]]), np.int64))
    seen = graph.add("Gather", flat, graph.control(lambda tile: _seen_pixels(tile, source, layer), [-1]), axis=0)
    found = add_products(graph, seen, winograd.doubled_input_transform(), operation)
    table = WinogradTable(found, layer.name, lambda tile: _corner(tile.areas[layer.name]))
    found = _add_edge(graph, flat, table, layer, pad, source)
    return replace(table, table=graph.biased(found, operation.bias))


def _add_edge(graph: TileGraphBuilder, flat: str, table: WinogradTable, layer: Layer, pad: Layer, source: str) -> str:
    """The table with the pixels at the doubled picture's edge computed from those of ``source``, which ``flat``
    holds."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    assert isinstance(pad.operation, Pad)
    (outside, inside), mode = operation.weight.shape[:2], pad.operation.mode

    def edge(tile: Tile) -> DoubledEdge:
        return doubled_edge(tile.sizes[source], tile.areas[source], tile.areas[layer.name], mode)

    def places(tile: Tile) -> Array:
        return table.pixels(tile)[edge(tile).places()][:, None]

    near = graph.add("Gather", flat, graph.control(lambda tile: edge(tile).seen(), [-1, 9]), axis=0)
    mixed = graph.add("MatMul", graph.control(lambda tile: edge(tile).shares(), [-1, 9, 9], TensorProto.FLOAT), near)
    rows = graph.add("Reshape", mixed, graph.constant(np.array([-1, 9 * inside]), np.int64))
    weight = operation.weight.transpose(2, 3, 1, 0).reshape(9 * inside, outside)
    exact = graph.add("MatMul", rows, graph.weight(np.ascontiguousarray(weight, np.float32)))
    return graph.add("ScatterND", table.table, graph.control(places, [-1, 1]), exact)


def _seen_pixels(tile: Tile, source: str, layer: Layer) -> Array:
    """The pixels, of those that the tile has of ``source``, that the blocks of ``layer`` see."""
    have, out, size = tile.areas[source], tile.areas[layer.name], tile.sizes[source]
    rows, columns = (
        winograd.seen_along_doubled(span).clip(0, length - 1).clip(held.start, held.stop - 1) - held.start
        for span, length, held in zip(
            (out.rows, out.columns), (size.height, size.width), (have.rows, have.columns), strict=True
        )
    )
    return winograd.seen_pixels(rows, columns, have.columns.length)


def _corner(area: Area) -> tuple[int, int]:
    """Where an area begins within its first block: blocks begin at even pixels."""
    return area.rows.start % 2, area.columns.start % 2
