"""Pictures as the engine reads them, in rows, and gives them out, in bands of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Tensor

Band = NDArray[Any]
"""Rows of a result: 1 x 3 x h x W, float32, -1 to 1. For an eight-bit source perhaps its bytes, 1 x samples x h x W, in
the order that they have there; those that are no colours have no meaning."""

TakeBand = Callable[[Band], None]
"""Takes a result's bands from the top. It keeps them: nobody else may write to them again."""


@dataclass(frozen=True)
class EightBit:
    """A picture's sRGB-encoded bytes: ``rows`` gives those from the first number up to the second, h x W x ``samples``,
    of which the ones at ``places`` are red, green and blue. They are the picture's own, to be read only."""

    rows: Callable[[int, int], NDArray[np.uint8]]
    samples: int
    places: tuple[int, int, int]


class RowSource(Protocol):
    """A picture that can be asked for rows, again and again, in any order."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    def rows(self, top: int, bottom: int) -> Tensor:
        """1 x 3 x (bottom - top) x W, -1 to 1; the caller's own, to change as it likes."""

    @property
    def eight_bit(self) -> EightBit | None:
        """The picture as bytes, where it is made of bytes that a filter sees as they are."""


@dataclass(frozen=True)
class TensorSource:
    """A picture that is a tensor already: 1 x 3 x H x W."""

    tensor: Tensor

    @property
    def height(self) -> int:
        return int(self.tensor.shape[2])

    @property
    def width(self) -> int:
        return int(self.tensor.shape[3])

    def rows(self, top: int, bottom: int) -> Tensor:
        return self.tensor[:, :, top:bottom].copy()

    @property
    def eight_bit(self) -> None:
        return None
