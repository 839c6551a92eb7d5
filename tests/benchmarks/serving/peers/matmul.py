"""Products of two large square matrices: the most that a machine computes in a second."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.serving.operations import MATRIX_SIDES
from tests.benchmarks.serving.peers.base import Peer, Picture


class Matmul(Peer):
    """A peer that takes the picture only because the others do. It multiplies in float32 on the CPU, and on a GPU in
    the filter's precision."""

    def load(self, pixels: Picture) -> None:
        side = MATRIX_SIDES[self.setting.device]
        matrix = np.random.default_rng(0).standard_normal((side, side), np.float32)
        self.take(matrix.astype(self.setting.precision if self.setting.device == "cuda" else "float32"))

    @abstractmethod
    def take(self, matrix: NDArray[Any]) -> None:
        """The matrix that ``run`` multiplies with itself."""

    def picture(self, answer: Any) -> Picture:
        return np.zeros((1, 1, 3), np.uint8)
