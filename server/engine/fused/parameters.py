"""A network's learned parameters in the GPU's memory, and room there for what it measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.kernel_operands import MOST_BLOCKS, PART_BYTES
from server.engine.fused.placement import aligned
from server.engine.fused.steps import Convolve, FusedView, Materialise, Measure, Step, Taps
from server.engine.network.arrays import Array

PARTS, IS_WRONG = "parts", "is wrong"
"""The names of what all norms share, the statistics of a picture's parts, and of the number that is not 0 once values
are not finite."""

_FLOAT32_BYTES, _INT32_BYTES = 4, 4


class Parameters:
    """Named arrays in one block of the GPU's memory: first all are added, then they are uploaded at once. Addresses
    stay valid as long as this object lives."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._offsets: dict[str, int] = {}
        self._parts: list[tuple[int, Array]] = []
        self._size = 0
        self._address = 0

    def add(self, name: str, values: Array) -> None:
        """Adds an array, which is uploaded later."""
        self._parts.append((self._size, np.ascontiguousarray(values)))
        self.reserve(name, values.nbytes)

    def reserve(self, name: str, count: int) -> None:
        """Adds room for ``count`` bytes."""
        self._offsets[name] = self._size
        self._size += aligned(count)

    def upload(self) -> None:
        """Brings everything to the GPU. Raises CudaError."""
        block = np.zeros(self._size, np.uint8)
        for offset, values in self._parts:
            block[offset : offset + values.nbytes] = values.reshape(-1).view(np.uint8)
        self._parts.clear()
        self._address = self._gpu.allocate(self._size)
        self._gpu.copy_in(self._address, block)
        self._gpu.wait()

    def address(self, name: str) -> int:
        """The address of the array with this name, after ``upload``."""
        return self._address + self._offsets[name]

    def __del__(self) -> None:
        if self._address:
            self._gpu.use()
            self._gpu.release(self._address)


def parameters_of(steps: Sequence[Step], gpu: Gpu, element: type[np.generic]) -> Parameters:
    """Everything that the steps of a network need, uploaded, with weights of the type ``element``. Raises CudaError."""
    parameters = Parameters(gpu)
    most_channels = 0
    for step in steps:
        match step:
            case Measure():
                scale, shift, factor, offset = names_of(step.norm)
                channels = step.operation.scale.size
                parameters.add(scale, step.operation.scale.astype(np.float32))
                parameters.add(shift, step.operation.shift.astype(np.float32))
                parameters.reserve(factor, channels * _FLOAT32_BYTES)
                parameters.reserve(offset, channels * _FLOAT32_BYTES)
                most_channels = max(most_channels, channels)
            case Convolve():
                weight, bias, _, _ = names_of(step.buffer)
                parameters.add(weight, step.operation.weight.astype(element))
                if step.operation.bias is not None:
                    parameters.add(bias, step.operation.bias.astype(element))
        if isinstance(step, Materialise | Convolve) and isinstance(step.view.sampling, Taps):
            parameters.add(taps_name(step.view), step.view.sampling.weights)
    parameters.reserve(IS_WRONG, _INT32_BYTES)
    parameters.reserve(PARTS, MOST_BLOCKS * most_channels * PART_BYTES)
    parameters.upload()
    return parameters


def names_of(layer: str) -> tuple[str, str, str, str]:
    """The names of a layer's arrays: a convolution's weight and bias, or a norm's scale and shift; and a norm's factor
    and offset, which are measured."""
    return f"{layer}/weight", f"{layer}/bias", f"{layer}/factor", f"{layer}/offset"


def taps_name(view: FusedView) -> str:
    """The name of the weights of a view's taps; taps with the same weights have the same name."""
    assert isinstance(view.sampling, Taps)
    return f"taps {view.sampling.weights.shape} {view.sampling.weights.tobytes().hex()}"
