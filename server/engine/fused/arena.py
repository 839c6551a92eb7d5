"""The GPU's memory for one picture at a time."""

from __future__ import annotations

from server.engine.fused.cuda_driver import Gpu

# The share of the memory that is free at the start; a larger block goes back after the picture.
_KEPT_SHARE = 1 / 8


class Arena:
    """One block that all networks share, for pictures are computed one after the other. ``generation`` changes whenever
    the addresses in it become invalid."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._address = 0
        self._size = 0
        self._most_kept = int(gpu.free_memory() * _KEPT_SHARE)
        self.generation = 0

    def at_least(self, count: int) -> int:
        """The address of the block, which has at least ``count`` bytes. Raises CudaError."""
        if self._size < count:
            self.release()
            self._address = self._gpu.allocate(count)
            self._size = count
        return self._address

    def trim(self) -> None:
        """Gives the block back if it is too large to be kept; to be called after a picture."""
        if self._size > self._most_kept:
            self.release()

    def release(self) -> None:
        """Gives the block back."""
        if self._size:
            self._gpu.release(self._address)
            self._size = 0
            self.generation += 1
