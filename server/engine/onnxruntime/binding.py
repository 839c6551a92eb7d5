"""Runs whose input and output lie in the device's own memory, which onnxruntime calls IO binding."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Binding:
    """One session with one input and one output that is read. The device's memory for the input is used again while the
    shape stays the same; ``device`` is onnxruntime's name for where it is, cuda or cpu. One thread at a time."""

    def __init__(self, session: onnxruntime.InferenceSession, *, input: str, output: str, device: str) -> None:
        self._session = session
        self._input = input
        self._output = output
        self._device = device
        self._placed: Any = None

    def run(self, values: NDArray[Any], options: onnxruntime.RunOptions) -> NDArray[Any]:
        """The answer, copied from the device once. Raises whatever onnxruntime raises."""
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(self._input, self._place(values))
        binding.bind_output(self._output, self._device)  # of a shape that the network decides
        self._session.run_with_iobinding(binding, options)
        (answer,) = binding.copy_outputs_to_cpu()
        return np.asarray(answer)

    def _place(self, values: NDArray[Any]) -> onnxruntime.OrtValue:
        if self._placed is None or tuple(self._placed.shape()) != values.shape:
            self._placed = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                list(values.shape), values.dtype.type, self._device
            )
        self._placed.update_inplace(values)
        return self._placed
