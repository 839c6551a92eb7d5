"""The GPU's memory for one picture at a time."""

from __future__ import annotations

from server.engine.fused.cuda_driver import Gpu

# Of what is free at the start; what is more goes back after every picture.
_KEPT_SHARE = 1 / 8


class Arena:
    """One block, shared by all networks, for one thread computes one picture after the other. Whoever has an address in
    it must ask again after ``generation`` has changed."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._address = 0
        self._size = 0
        self._most_kept = int(gpu.free_memory() * _KEPT_SHARE)
        self.generation = 0

    def at_least(self, count: int) -> int:
        """The address of a block of so many bytes. Raises CudaError."""
        if self._size < count:
            self.release()
            self._address = self._gpu.allocate(count)
            self._size = count
        return self._address

    def trim(self) -> None:
        """After a picture."""
        if self._size > self._most_kept:
            self.release()

    def release(self) -> None:
        """Gives all of it back."""
        if self._size:
            self._gpu.release(self._address)
            self._size = 0
            self.generation += 1
