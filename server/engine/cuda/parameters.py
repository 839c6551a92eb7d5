"""What a network has learned, and room for what it measures, in the GPU's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.cuda.driver import Gpu
from server.engine.cuda.placing import aligned


class Parameters:
    """Arrays are added, then all go to the GPU at once; their addresses stay the same as long as this lives."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._offsets: dict[str, int] = {}
        self._parts: list[tuple[int, NDArray[Any]]] = []
        self._size = 0
        self._address = 0

    def add(self, name: str, values: NDArray[Any]) -> None:
        self._parts.append((self._size, np.ascontiguousarray(values)))
        self.reserve(name, values.nbytes)

    def reserve(self, name: str, count: int) -> None:
        """Room for so many bytes."""
        self._offsets[name] = self._size
        self._size += aligned(count)

    def upload(self) -> None:
        """Raises CudaError."""
        block = np.zeros(self._size, np.uint8)
        for offset, values in self._parts:
            block[offset : offset + values.nbytes] = values.reshape(-1).view(np.uint8)
        self._parts.clear()
        self._address = self._gpu.allocate(self._size)
        self._gpu.copy_in(self._address, block)
        self._gpu.wait()

    def address(self, name: str) -> int:
        return self._address + self._offsets[name]

    def __del__(self) -> None:
        if self._address:
            self._gpu.use()
            self._gpu.release(self._address)
