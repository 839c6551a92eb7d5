"""A 3 x 3 convolution by Winograd's algorithm, in the ONNX graph of a sweep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import Convolution, Pad
from server.engine.tiled import winograd
from server.engine.tiled.areas import Tile
from server.engine.tiled.tile_graph import TileGraphBuilder


@dataclass(frozen=True)
class WinogradTable:
    """The output of ``layer`` as Winograd's algorithm leaves it. ``table`` names the value, (16 x blocks) x channels:
    the first pixels of all blocks, then the second ones, and so on. ``corner`` gives the row and column, within the
    first block, of the tile's first pixel."""

    table: str
    layer: str
    corner: Callable[[Tile], tuple[int, int]]

    def pixels(self, tile: Tile) -> Array:
        """Where in the table the tile's pixels lie: height x width."""
        shape = tile.areas[self.layer].shape
        return winograd.output_places(*shape, *self.corner(tile)).reshape(shape)

    def count(self, tile: Tile) -> int:
        """How many pixels the table has, with those that lie outside the tile."""
        return self.mean_weights(tile).size

    def mean_weights(self, tile: Tile) -> Array:
        """By what to multiply the table for the mean over the tile: 1 x (16 x blocks), 0 for what lies outside."""
        return winograd.mean_weights(*tile.areas[self.layer].shape, *self.corner(tile))


def add_winograd(graph: TileGraphBuilder, value: str, layer: Layer, pad: Layer | None) -> WinogradTable:
    """Adds the convolution ``layer``, and the padding ``pad`` right before it, if any; ``value`` is the input of the
    first of the two."""
    operation = layer.operation
    assert isinstance(operation, Convolution)
    inside, source = operation.weight.shape[1], (pad or layer).inputs[0]
    flat = graph.add("Reshape", value, graph.constant(np.array([-1, inside]), np.int64))
    seen = graph.add("Gather", flat, graph.control(lambda tile: _seen_pixels(tile, source, layer, pad), [-1]), axis=0)
    found = add_products(graph, seen, winograd.input_transform(), operation)
    return WinogradTable(graph.biased(found, operation.bias), layer.name, lambda tile: (0, 0))


def add_products(graph: TileGraphBuilder, seen: str, transform: Array, operation: Convolution) -> str:
    """Adds Winograd's algorithm from the gathered input to a WinogradTable's value, without the bias.

    ``seen`` has as many pixels of each block as ``transform`` has columns: the first pixels of all blocks, then the
    second ones, and so on.
    """
    outside, inside = operation.weight.shape[:2]
    by_place = graph.constant(np.array([transform.shape[1], -1]), np.int64)
    by_product = graph.constant(np.array([winograd.INPUT_SIDE**2, -1]), np.int64)
    by_pixel = graph.constant(np.array([winograd.INPUT_SIDE**2, -1, inside]), np.int64)
    transformed = graph.add("MatMul", graph.constant(transform, np.float32), graph.add("Reshape", seen, by_place))
    transformed = graph.add("Reshape", transformed, by_pixel)
    products = graph.add("MatMul", transformed, graph.weight(winograd.transformed_weights(operation.weight)))
    products = graph.add("Reshape", products, by_product)
    found = graph.add("MatMul", graph.constant(winograd.output_transform(), np.float32), products)
    return graph.add("Reshape", found, graph.constant(np.array([-1, outside]), np.int64))


def padded_source(places: NDArray[np.int64], mode: str, length: int) -> NDArray[np.int64]:
    """Where in an axis of ``length`` the padded picture's pixels come from; ``places`` are theirs, and may lie outside.

    ``mode`` is reflect, or edge for every other one.
    """
    if mode == "reflect":
        places = np.abs(places)
        places = np.where(places >= length, 2 * (length - 1) - places, places)
    return places.clip(0, length - 1)


def _seen_pixels(tile: Tile, source: str, layer: Layer, pad: Layer | None) -> Array:
    """The pixels, of those that the tile has of ``source``, that the blocks of ``layer`` see."""
    have, out, size = tile.areas[source], tile.areas[layer.name], tile.sizes[source]
    margins, mode = (0, 0), "edge"
    if pad:
        assert isinstance(pad.operation, Pad)
        vertical, horizontal = pad.operation.axes
        margins, mode = (vertical.before, horizontal.before), pad.operation.mode
    rows, columns = (
        # The last blocks may reach past the tile: what they give there is left out.
        (padded_source(winograd.seen_along(span) - before, mode, length) - held.start).clip(0, held.length - 1)
        for span, before, length, held in zip(
            (out.rows, out.columns), margins, (size.height, size.width), (have.rows, have.columns), strict=True
        )
    )
    return winograd.seen_pixels(rows, columns, have.columns.length)
