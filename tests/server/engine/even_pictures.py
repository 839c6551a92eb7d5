"""Pictures whose statistics lose digits easily: even ones, and such as are even but for a little of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]


def constant(height: int, width: int) -> Levels:
    return np.broadcast_to(np.array([250, 128, 3], np.uint8), (height, width, 3)).copy()


def nearly_constant(height: int, width: int) -> Levels:
    picture = np.full((height, width, 3), 254, np.uint8)
    picture[::7, ::5] = 255
    return picture


def empty_page(height: int, width: int) -> Levels:
    """250 +- 2, as a scanner sees it."""
    return np.random.default_rng(height * 1000 + width).integers(248, 253, (height, width, 3), np.uint8)


def bright_pixel(height: int, width: int) -> Levels:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[height // 2, width // 3] = 255
    return picture


def dark_corner(height: int, width: int) -> Levels:
    """The first pixel is the one that differs."""
    picture = np.full((height, width, 3), 250, np.uint8)
    picture[0, 0] = 0
    return picture


def slope(height: int, width: int) -> Levels:
    rows, columns = np.mgrid[:height, :width]
    return np.repeat((200 * rows / height + 55 * columns / width).astype(np.uint8)[..., None], 3, axis=2)


def white_border(height: int, width: int) -> Levels:
    """Above a grey sky."""
    picture = np.random.default_rng(0).integers(119, 122, (height, width, 3), np.uint8)
    picture[: max(height // 100, 1)] = 255
    return picture


PICTURES: Mapping[str, Callable[[int, int], Levels]] = {
    made.__name__: made
    for made in (constant, nearly_constant, empty_page, bright_pixel, dark_corner, slope, white_border)
}
"""By name: each makes height x width x 3 levels of 8 bits."""
