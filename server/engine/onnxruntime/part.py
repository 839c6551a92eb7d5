"""A part of a network, which is computed piece by piece into memory of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.onnxruntime.run_options import run_options

Array = NDArray[Any]


class OnnxruntimePart:
    """A Part that ``session`` runs."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]

    def run(
        self, feeds: Sequence[tuple[str, Array]], places: Sequence[Array | None], control: RunControl
    ) -> list[Array]:
        """Each output's values, in its place where it has one; raises whatever onnxruntime raises."""
        binding = self._session.io_binding()
        for name, value in feeds:
            binding.bind_cpu_input(name, value)
        for output, place in zip(self._outputs, places, strict=True):
            if place is None:
                binding.bind_output(output, "cpu")
            else:
                binding.bind_output(output, "cpu", 0, place.dtype.type, place.shape, place.ctypes.data)
        with run_options(self._session, control) as options:
            self._session.run_with_iobinding(binding, options)
        found = zip(places, binding.get_outputs(), strict=True)
        return [value.numpy() if place is None else place for place, value in found]
