"""onnxruntime's convolutions, which are cuDNN's, on our stream and in our memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnxruntime

from server.engine.fused.convolution_kind import ConvolutionKind
from server.engine.fused.convolution_model import convolution_model
from server.engine.fused.cuda_driver import Launch

OpenSession = Callable[[bytes], Any]
"""Makes an onnxruntime.InferenceSession of a serialised model, on the GPU and its stream."""


@dataclass(frozen=True)
class GpuTensor:
    """An array in the GPU's memory."""

    address: int
    shape: tuple[int, ...]


class ConvolutionSessions:
    """One session for each kind of convolution, for all networks: each session keeps about 75 MB on the GPU."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._sessions: dict[ConvolutionKind, Any] = {}
        # So that onnxruntime does not wait for the GPU, which goes on while more is queued.
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4
        self._options.add_run_config_entry("disable_synchronize_execution_providers", "1")

    def launch(
        self, kind: ConvolutionKind, source: GpuTensor, weight: GpuTensor, bias: GpuTensor | None, out: GpuTensor
    ) -> Launch:
        """The launch of a convolution; pictures are 1 x H x W x C. Raises whatever onnxruntime raises."""
        if kind not in self._sessions:
            self._sessions[kind] = self._open(convolution_model(kind))
        session = self._sessions[kind]
        binding = session.io_binding()
        given = {"source": source, "weight": weight} | ({"bias": bias} if bias else {})
        for name, tensor in given.items():
            binding.bind_input(name, "cuda", 0, kind.element, tensor.shape, tensor.address)
        binding.bind_output("result", "cuda", 0, kind.element, out.shape, out.address)
        return lambda: session.run_with_iobinding(binding, self._options)
