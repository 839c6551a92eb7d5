"""3 x 3 convolutions by Winograd's minimal filtering F(4 x 4, 3 x 3), with a quarter of the multiplications.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.3:

    Y = A^T [(G g G^T) * (B^T d B)] A

computes a block Y of 4 x 4 output pixels from a block d of 6 x 6 input pixels and a kernel g of 3 x 3, with ``*`` the
multiplication of single values. Blocks of input overlap by two pixels. (The paper calls blocks tiles; here a tile is
the part of a picture that is computed at once, and has many blocks.) With all channels, the products are 36 matrix
multiplications. On flattened blocks the transforms are matrices themselves, the Kronecker products of those above.

One block, one channel: 16 sums of 9 products each, or 36 products in all.

>>> block, kernel = np.arange(36.0).reshape(6, 6) % 7, np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float32)
>>> direct = [[(block[y : y + 3, x : x + 3] * kernel).sum() for x in range(4)] for y in range(4)]
>>> products = (input_transform() @ block.reshape(36)) * transformed_weights(kernel[None, None]).reshape(36)
>>> fast = (output_transform() @ products).reshape(4, 4)
>>> products.size, bool(np.allclose(fast, direct, atol=1e-4))
(36, True)
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from server.engine.network.spans import Span

OUTPUT_SIDE = 4
"""The side of a block of output, in pixels."""

INPUT_SIDE = OUTPUT_SIDE + 2
"""The side of the block of input that it is computed from."""

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

# From four pixels of a line to six of the line doubled by linear interpolation, beginning with the second of a pair.
_DOUBLED = (
    np.array([[3, 1, 0, 0], [1, 3, 0, 0], [0, 3, 1, 0], [0, 1, 3, 0], [0, 0, 3, 1], [0, 0, 1, 3]], np.float64) / 4
)

Index = NDArray[np.int64]


def input_transform() -> NDArray[np.float32]:
    """The transform of a flattened block of 6 x 6 input pixels: 36 x 36."""
    return np.kron(_B, _B).astype(np.float32)


def doubled_input_transform() -> NDArray[np.float32]:
    """The transform of a flattened block of 4 x 4 pixels of a picture that stands for a block of 6 x 6 pixels of the
    picture doubled by linear interpolation: 36 x 16."""
    return np.kron(_B @ _DOUBLED, _B @ _DOUBLED).astype(np.float32)


def output_transform() -> NDArray[np.float32]:
    """The transform from the products to a flattened block of 4 x 4 output pixels: 16 x 36."""
    return np.kron(_A, _A).astype(np.float32)


def transformed_weights(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The transform of a kernel, K x C x 3 x 3: 36 matrices of C x K."""
    k, c = kernel.shape[:2]
    flat = kernel.astype(np.float64).transpose(2, 3, 1, 0).reshape(9, c * k)
    return (np.kron(_G, _G) @ flat).astype(np.float32).reshape(36, c, k)


def seen_pixels(rows: Index, columns: Index, width: int) -> Index:
    """The indices of the pixels that all blocks see, in a picture of this width: (36 x blocks), flattened.

    ``rows`` and ``columns``, INPUT_SIDE x blocks along their axis, say where they lie (4 x blocks for a doubled
    picture).
    """
    return (rows[:, None, :, None] * width + columns[None, :, None, :]).reshape(-1)


def seen_along(span: Span) -> Index:
    """Where along one axis the pixels lie that the blocks of these output pixels see: INPUT_SIDE x blocks. They may
    reach past what the output pixels need."""
    count = -(-span.length // OUTPUT_SIDE)
    return span.start + np.arange(INPUT_SIDE)[:, None] + OUTPUT_SIDE * np.arange(count)[None, :]


def seen_along_doubled(span: Span) -> Index:
    """Where along one axis the pixels of a picture lie that the blocks of these output pixels see when the picture is
    doubled and padded by one: 4 x blocks. Blocks begin at even pixels, so the first may begin before the span."""
    count = -(-(span.length + span.start % 2) // OUTPUT_SIDE)
    return span.start // 2 - 1 + np.arange(4)[:, None] + OUTPUT_SIDE // 2 * np.arange(count)[None, :]


@lru_cache(8)
def output_places(height: int, width: int, top: int = 0, left: int = 0) -> Index:
    """Where in 16 x blocks the pixels of an output of this size lie, row by row. The first ``top`` rows and ``left``
    columns of the first blocks are not part of it."""
    down, across = -(-(height + top) // OUTPUT_SIDE), -(-(width + left) // OUTPUT_SIDE)
    rows, columns = np.arange(top, top + height)[:, None], np.arange(left, left + width)[None, :]
    place = rows % OUTPUT_SIDE * OUTPUT_SIDE + columns % OUTPUT_SIDE
    return ((place * down + rows // OUTPUT_SIDE) * across + columns // OUTPUT_SIDE).reshape(-1)


@lru_cache(8)
def mean_weights(height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.float32]:
    """By what to multiply the pixels of all blocks for the mean of the output: 1 x (16 x blocks), 0 for pixels that are
    not part of it. The arguments are those of ``output_places``."""
    down, across = -(-(height + top) // OUTPUT_SIDE), -(-(width + left) // OUTPUT_SIDE)
    weights = np.zeros((1, OUTPUT_SIDE**2 * down * across), np.float32)
    weights[0, output_places(height, width, top, left)] = 1 / (height * width)
    return weights
