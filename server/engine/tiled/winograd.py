"""3 x 3 convolutions by Winograd's minimal filtering F(4 x 4, 3 x 3): a quarter of the multiplications.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.3:
Y = A^T [(G g G^T) * (B^T d B)] A for tiles d of 6 x 6 pixels, which overlap, and Y of 4 x 4. With all channels, the
products are 36 matrix multiplications.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from server.engine.network.spans import Span

TILE = 4  # a side of Y
REACH = TILE + 2  # a side of d

_B = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float64,
)
_G = (
    np.array(
        [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
        np.float64,
    )
    / 24
)
_A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float64)

# Six pixels of a line that is doubled by linear interpolation, from the second of a pair on: what four are to them.
_DOUBLED = (
    np.array([[3, 1, 0, 0], [1, 3, 0, 0], [0, 3, 1, 0], [0, 1, 3, 0], [0, 0, 3, 1], [0, 0, 1, 3]], np.float64) / 4
)

Index = NDArray[np.int64]


def into() -> NDArray[np.float32]:
    """36 x 36: a flattened tile to what is multiplied."""
    return np.kron(_B, _B).astype(np.float32)


def into_doubled() -> NDArray[np.float32]:
    """36 x 16: the pixels of a picture, flattened, to what is multiplied for a tile of the picture doubled."""
    return np.kron(_B @ _DOUBLED, _B @ _DOUBLED).astype(np.float32)


def back() -> NDArray[np.float32]:
    """16 x 36: the products to the flattened 4 x 4 pixels."""
    return np.kron(_A, _A).astype(np.float32)


def weights(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """K x C x 3 x 3 to 36 x C x K."""
    k, c = kernel.shape[:2]
    turned = kernel.astype(np.float64).transpose(2, 3, 1, 0).reshape(9, c * k)
    return (np.kron(_G, _G) @ turned).astype(np.float32).reshape(36, c, k)


def tiles(rows: Index, columns: Index, width: int) -> Index:
    """Which pixels, ``width`` of them in a row, the tiles see: 36 x tiles, flattened. ``rows`` and ``columns`` are
    REACH x tiles: where they lie along each axis; any other length takes REACH's place."""
    return (rows[:, None, :, None] * width + columns[None, :, None, :]).reshape(-1)


def along(span: Span) -> Index:
    """REACH x tiles: where the pixels lie, along one axis, that the tiles of these output pixels see."""
    count = -(-span.length // TILE)
    return span.start + np.arange(REACH)[:, None] + TILE * np.arange(count)[None, :]


def along_doubled(span: Span) -> Index:
    """4 x tiles: where the pixels lie, along one axis, that the tiles of these output pixels see when it is doubled
    and padded by one. Tiles begin at even pixels; the first may begin before the span."""
    count = -(-(span.length + span.start % 2) // TILE)
    return span.start // 2 - 1 + np.arange(4)[:, None] + TILE // 2 * np.arange(count)[None, :]


@lru_cache(8)
def pixels(height: int, width: int, top: int = 0, left: int = 0) -> Index:
    """Where in 16 x tiles the pixels of the output lie, row by row. ``top`` rows and ``left`` columns of the first
    tiles are no part of it."""
    down, across = -(-(height + top) // TILE), -(-(width + left) // TILE)
    rows, columns = np.arange(top, top + height)[:, None], np.arange(left, left + width)[None, :]
    place = rows % TILE * TILE + columns % TILE
    return ((place * down + rows // TILE) * across + columns // TILE).reshape(-1)


@lru_cache(8)
def shares(height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.float32]:
    """1 x (16 x tiles): by what to multiply for the mean of the output; what is no part of it counts for nothing."""
    down, across = -(-(height + top) // TILE), -(-(width + left) // TILE)
    shares = np.zeros((1, TILE**2 * down * across), np.float32)
    shares[0, pixels(height, width, top, left)] = 1 / (height * width)
    return shares
