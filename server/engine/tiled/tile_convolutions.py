"""The ways to compute a convolution on a piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.network.network import Convolution, Layer, Operation, Pad, TransposedConvolution
from server.engine.network.spans import Span
from server.engine.tiled import winograd
from server.engine.tiled.areas import Area, Piece, needed
from server.engine.tiled.layout import CHANNELS_FIRST, Layout
from server.engine.tiled.tile_graph import GraphBuilder

Array = NDArray[Any]

# Fewer channels than this do not fill the matrix multiplications that a fast convolution is made of.
_LEAST_CHANNELS = 16
# onnxruntime computes this many output channels at a time, so a few channels are computed in several places at once.
_CHANNELS_AT_ONCE = 16
_PLACES = 4


def is_winograd(operation: Operation, layout: Layout) -> bool:
    return (
        isinstance(operation, Convolution)
        and layout is not CHANNELS_FIRST
        and operation.weight.shape[2:] == (3, 3)
        and operation.is_plain
        and min(operation.weight.shape[:2]) >= _LEAST_CHANNELS
    )


def is_matrix(operation: Operation, layout: Layout) -> bool:
    """Whether a multiplication of every pixel's channels is all."""
    return (
        isinstance(operation, Convolution)
        and layout is not CHANNELS_FIRST
        and operation.weight.shape[2:] == (1, 1)
        and operation.is_plain
    )


def is_narrow(operation: Operation, layout: Layout) -> bool:
    return (
        isinstance(operation, Convolution)
        and layout is not CHANNELS_FIRST
        and operation.is_plain
        and operation.weight.shape[0] * _PLACES <= _CHANNELS_AT_ONCE
        and not is_matrix(operation, layout)
    )


def pads_by_itself(operation: Operation, pad: Pad, layout: Layout) -> bool:
    """Whether the convolution does the padding before it on its way."""
    return is_narrow(operation, layout) or (is_winograd(operation, layout) and pad.mode != "constant")


def add_pad(graph: GraphBuilder, value: str, layer: Layer, *, fills: Layer | None = None) -> str:
    """Pads as far as the piece reaches past the picture, and takes away what only other layers need of the input.

    With ``fills``, the layer behind, also columns at the right that make its own a multiple of _PLACES.
    """
    (name,) = layer.inputs
    mode, filling = (
        (layer.operation.mode, layer.operation.value) if isinstance(layer.operation, Pad) else ("constant", 0.0)
    )

    def pads(piece: Piece) -> Array:
        have, want = piece.areas[name], needed(layer, piece.areas[layer.name])
        extra = -piece.areas[fills.name].columns.length % _PLACES if fills else 0
        return graph.layout.pads(
            (have.rows.start - want.rows.start, have.columns.start - want.columns.start),
            (want.rows.stop - have.rows.stop, want.columns.stop - have.columns.stop + extra),
        )

    return graph.add("Pad", value, graph.control(pads, [8]), graph.constant(np.array(filling), np.float32), mode=mode)


@dataclass(frozen=True)
class Tiled:
    """What Winograd's way gives for ``layer``: in ``table``, (16 x tiles) x channels, the first pixels of all tiles,
    then the second ones, and so on. ``corner``: which pixel of the first tile is the piece's first, by row and
    column."""

    table: str
    layer: str
    corner: Callable[[Piece], tuple[int, int]]

    def pixels(self, piece: Piece) -> Array:
        """Height x width: where in the table they lie."""
        shape = piece.areas[self.layer].shape
        return winograd.pixels(*shape, *self.corner(piece)).reshape(shape)

    def shares(self, piece: Piece) -> Array:
        """1 x (16 x tiles): what makes the mean; what tiles have past the piece counts for nothing."""
        return winograd.shares(*piece.areas[self.layer].shape, *self.corner(piece))


def add_winograd(graph: GraphBuilder, value: str, layer: Layer, pad: Layer | None) -> Tiled:
    """``value`` is the input, or that of the padding before the layer."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    inside, source = operation.weight.shape[1], (pad or layer).inputs[0]
    flat = graph.add("Reshape", value, graph.constant(np.array([-1, inside]), np.int64))
    seen = graph.add("Gather", flat, graph.control(lambda piece: _tiles(piece, source, layer, pad), [-1]), axis=0)
    found = add_products(graph, seen, winograd.into(), operation)
    return Tiled(graph.biased(found, operation.bias), layer.name, lambda piece: (0, 0))


def add_products(graph: GraphBuilder, seen: str, into: Array, operation: Convolution) -> str:
    """Winograd's way from what the tiles see, the first of 36 or fewer pixels of each, then the second ones, and so
    on, to such a table of the output, without bias."""
    outside, inside = operation.weight.shape[:2]
    by_place = graph.constant(np.array([into.shape[1], -1]), np.int64)
    by_product = graph.constant(np.array([winograd.REACH**2, -1]), np.int64)
    by_pixel = graph.constant(np.array([winograd.REACH**2, -1, inside]), np.int64)
    turned = graph.add("MatMul", graph.constant(into, np.float32), graph.add("Reshape", seen, by_place))
    turned = graph.add("Reshape", turned, by_pixel)
    products = graph.add("MatMul", turned, graph.weight(winograd.weights(operation.weight)))
    products = graph.add("Reshape", products, by_product)
    found = graph.add("MatMul", graph.constant(winograd.back(), np.float32), products)
    return graph.add("Reshape", found, graph.constant(np.array([-1, outside]), np.int64))


def add_matrix(graph: GraphBuilder, value: str, operation: Convolution) -> str:
    weight = graph.constant(operation.weight[:, :, 0, 0].T, np.float32)
    return graph.biased(graph.add("MatMul", value, weight), operation.bias)


def add_narrow(graph: GraphBuilder, value: str, layer: Layer, pad: Layer | None) -> str:
    """Neighbours in a row at once, as channels of a convolution that takes steps of several pixels.

    ``value`` is the input, or that of the padding before the layer.
    """
    operation = layer.operation
    assert isinstance(operation, Convolution)
    outside, _, height, width = operation.weight.shape

    def places(piece: Piece) -> Array:
        rows, columns = piece.areas[layer.name].shape
        return np.array([_PLACES, outside, rows, -(-columns // _PLACES)])

    def joined(piece: Piece) -> Array:
        rows, columns = piece.areas[layer.name].shape
        return np.array([1, outside, rows, -(-columns // _PLACES) * _PLACES])

    def stop(piece: Piece) -> Array:
        return np.array([piece.areas[layer.name].columns.length])

    padded = add_pad(graph, value, pad or layer, fills=layer)
    weight = np.zeros((_PLACES, *operation.weight.shape[:3], width + _PLACES - 1), np.float32)
    for place in range(_PLACES):
        weight[place, ..., place : place + width] = operation.weight
    operands = [graph.to_channels_first(padded), graph.constant(weight.reshape(-1, *weight.shape[2:]), np.float32)]
    if operation.bias is not None:
        operands.append(graph.constant(np.tile(operation.bias, _PLACES), np.float32))
    found = graph.add("Conv", *operands, kernel_shape=[height, width + _PLACES - 1], strides=[1, _PLACES])
    found = graph.add("Reshape", found, graph.control(places, [4]))
    found = graph.add("Reshape", graph.add("Transpose", found, perm=[1, 2, 3, 0]), graph.control(joined, [4]))
    start, axis = (graph.constant(np.array([number]), np.int64) for number in (0, 3))
    return graph.from_channels_first(graph.add("Slice", found, start, graph.control(stop, [1]), axis))


def add_convolution(graph: GraphBuilder, value: str, operation: Convolution | TransposedConvolution) -> str:
    """Of all that ``value`` holds. ONNX's own operation has channels first."""
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


def add_transposed(graph: GraphBuilder, value: str, layer: Layer) -> str:
    """All that the piece's pixels spread to, without what other pieces' pixels spread to as well."""
    operation = layer.operation
    assert isinstance(operation, TransposedConvolution)

    def spread(piece: Piece) -> tuple[Area, Area]:
        seen = piece.seen(layer, layer.inputs[0])
        rows, columns = (
            Span(part.start * axis.step - axis.before, (part.stop - 1) * axis.step + axis.size - axis.before)
            for part, axis in zip((seen.rows, seen.columns), operation.axes, strict=True)
        )
        return Area(rows, columns), piece.areas[layer.name]

    return graph.crop(add_convolution(graph, value, operation), spread)


def _tiles(piece: Piece, source: str, layer: Layer, pad: Layer | None) -> Array:
    """Which pixels of what the piece has of ``source`` lie in the tiles."""
    have, out, size = piece.areas[source], piece.areas[layer.name], piece.sizes[source]
    margins, mode = (0, 0), "edge"
    if pad:
        assert isinstance(pad.operation, Pad)
        vertical, horizontal = pad.operation.axes
        margins, mode = (vertical.before, horizontal.before), pad.operation.mode
    rows, columns = (
        # The last tiles may reach past the piece: what they give there is left out.
        (place_of(winograd.along(span) - before, mode, length) - held.start).clip(0, held.length - 1)
        for span, before, length, held in zip(
            (out.rows, out.columns), margins, (size.height, size.width), (have.rows, have.columns), strict=True
        )
    )
    return winograd.tiles(rows, columns, have.columns.length)


def place_of(places: NDArray[np.int64], mode: str, length: int) -> NDArray[np.int64]:
    """Where in a picture of ``length`` a pixel is taken from that lies at such a place, which may be outside."""
    if mode == "reflect":
        places = np.abs(places)
        places = np.where(places >= length, 2 * (length - 1) - places, places)
    return places.clip(0, length - 1)
