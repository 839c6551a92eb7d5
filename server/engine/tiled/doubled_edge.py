"""The edge of a picture that is doubled by linear interpolation, padded by one and convolved by 3 x 3: what the pixels
there are computed from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area
from server.engine.tiled.winograd_convolution import padded_source


class DoubledEdge:
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


# Several inputs of a graph are made from the same edge.
doubled_edge = lru_cache(8)(DoubledEdge)


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
