"""What a network has learned, and room for what it measures, in the GPU's memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.kernels import MOST_BLOCKS, PAIR_BYTES
from server.engine.fused.placement import aligned
from server.engine.fused.steps import Convolve, FusedView, Materialise, Measure, Step, Taps
from server.engine.network.arrays import Array

# What all norms share (sums, and what they are the sums of the differences from), and what says that values are not
# finite.
SUMS, REFERENCE, IS_WRONG = "sums", "first", "is wrong"
_FLOAT32_BYTES, _INT32_BYTES = 4, 4


class Parameters:
    """Arrays are added, then all go to the GPU at once; their addresses stay the same as long as this lives."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._offsets: dict[str, int] = {}
        self._parts: list[tuple[int, Array]] = []
        self._size = 0
        self._address = 0

    def add(self, name: str, values: Array) -> None:
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


def parameters_of(steps: Sequence[Step], gpu: Gpu, element: type[np.generic]) -> Parameters:
    """All that the steps of a network need, uploaded. Raises CudaError."""
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
    parameters.reserve(REFERENCE, most_channels * np.dtype(element).itemsize)
    parameters.reserve(SUMS, MOST_BLOCKS * most_channels * PAIR_BYTES)
    parameters.upload()
    return parameters


def names_of(layer: str) -> tuple[str, str, str, str]:
    """Of a layer's parameters: a convolution's weight and bias, or a norm's scale and shift; what is measured for a
    norm, factor and offset."""
    return f"{layer}/weight", f"{layer}/bias", f"{layer}/factor", f"{layer}/offset"


def taps_name(view: FusedView) -> str:
    """Of its weights; alike taps have one name."""
    assert isinstance(view.sampling, Taps)
    return f"taps {view.sampling.weights.shape} {view.sampling.weights.tobytes().hex()}"
