"""Convolutions, other than by Winograd's algorithm, and padding in the ONNX graph of a sweep."""

from __future__ import annotations

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import Convolution, Pad, TransposedConvolution
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area, Tile, needed
from server.engine.tiled.convolution_way import PACKED_PIXELS
from server.engine.tiled.tile_graph import TileGraphBuilder


def add_pad(graph: TileGraphBuilder, value: str, layer: Layer, *, fills: Layer | None = None) -> str:
    """Pads as far as the tile reaches past the picture, and cuts away what only other layers need of the input.

    With ``fills``, the convolution behind the padding, also pads columns at the right that make the width of its output
    a multiple of PACKED_PIXELS.
    """
    (name,) = layer.inputs
    mode, filling = (
        (layer.operation.mode, layer.operation.value) if isinstance(layer.operation, Pad) else ("constant", 0.0)
    )

    def pads(tile: Tile) -> Array:
        have, want = tile.areas[name], needed(layer, tile.areas[layer.name])
        extra = -tile.areas[fills.name].columns.length % PACKED_PIXELS if fills else 0
        return graph.layout.pads(
            (have.rows.start - want.rows.start, have.columns.start - want.columns.start),
            (want.rows.stop - have.rows.stop, want.columns.stop - have.columns.stop + extra),
        )

    return graph.add("Pad", value, graph.control(pads, [8]), graph.constant(np.array(filling), np.float32), mode=mode)


def add_matrix(graph: TileGraphBuilder, value: str, operation: Convolution) -> str:
    """Adds a 1 x 1 convolution of all that ``value`` holds, as a matrix multiplication."""
    weight = graph.constant(operation.weight[:, :, 0, 0].T, np.float32)
    return graph.biased(graph.add("MatMul", value, weight), operation.bias)


def add_packed(graph: TileGraphBuilder, value: str, layer: Layer, pad: Layer | None) -> str:
    """Adds a convolution to few channels that computes PACKED_PIXELS neighbours in a row at once, as the channels of a
    convolution with as large strides. ``value`` is its input, or that of the padding ``pad`` right before it."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    outside, _, height, width = operation.weight.shape

    def unpacked(tile: Tile) -> Array:
        rows, columns = tile.areas[layer.name].shape
        return np.array([PACKED_PIXELS, outside, rows, -(-columns // PACKED_PIXELS)])

    def joined(tile: Tile) -> Array:
        rows, columns = tile.areas[layer.name].shape
        return np.array([1, outside, rows, -(-columns // PACKED_PIXELS) * PACKED_PIXELS])

    def stop(tile: Tile) -> Array:
        return np.array([tile.areas[layer.name].columns.length])

    padded = add_pad(graph, value, pad or layer, fills=layer)
    operands = [graph.to_channels_first(padded), graph.constant(_packed_weight(operation), np.float32)]
    if operation.bias is not None:
        operands.append(graph.constant(np.tile(operation.bias, PACKED_PIXELS), np.float32))
    kernel = [height, width + PACKED_PIXELS - 1]
    found = graph.add("Conv", *operands, kernel_shape=kernel, strides=[1, PACKED_PIXELS])
    found = graph.add("Reshape", found, graph.control(unpacked, [4]))
    found = graph.add("Reshape", graph.add("Transpose", found, perm=[1, 2, 3, 0]), graph.control(joined, [4]))
    start, axis = (graph.constant(np.array([number]), np.int64) for number in (0, 3))
    return graph.from_channels_first(graph.add("Slice", found, start, graph.control(stop, [1]), axis))


def add_convolution(graph: TileGraphBuilder, value: str, operation: Convolution | TransposedConvolution) -> str:
    """Adds ONNX's own operation on all that ``value`` holds."""
    parameters = [operation.weight] if operation.bias is None else [operation.weight, operation.bias]
    found = graph.add(
        "Conv" if isinstance(operation, Convolution) else "ConvTranspose",
        graph.to_channels_first(value),
        *(graph.constant(parameter, np.float32) for parameter in parameters),
        kernel_shape=list(operation.weight.shape[2:]),
        strides=list(operation.strides),
        dilations=list(operation.dilations),
        group=operation.groups,
    )
    return graph.from_channels_first(found)


def add_transposed(graph: TileGraphBuilder, value: str, layer: Layer) -> str:
    """Adds a transposed convolution of the tile, cut to the area where no other tile's pixels spread to as well."""
    operation = layer.operation
    assert isinstance(operation, TransposedConvolution)

    def spread(tile: Tile) -> tuple[Area, Area]:
        seen = tile.seen(layer, layer.inputs[0])
        rows, columns = (
            Span(part.start * axis.step - axis.before, (part.stop - 1) * axis.step + axis.size - axis.before)
            for part, axis in zip((seen.rows, seen.columns), operation.axes, strict=True)
        )
        return Area(rows, columns), tile.areas[layer.name]

    return graph.crop(add_convolution(graph, value, operation), spread)


def _packed_weight(operation: Convolution) -> Array:
    """The weight of all neighbours, one after the other, each moved by a pixel from the one before it."""
    width = operation.weight.shape[3]
    weight = np.zeros((PACKED_PIXELS, *operation.weight.shape[:3], width + PACKED_PIXELS - 1), np.float32)
    for pixel in range(PACKED_PIXELS):
        weight[pixel, ..., pixel : pixel + width] = operation.weight
    return weight.reshape(-1, *weight.shape[2:])
