"""What all fused networks on one GPU share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from server.engine.fused.arena import Arena
from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.cudnn_convolutions import ConvolutionSessions
from server.engine.fused.kernels import Kernels
from server.engine.fused.staging import Staging


@dataclass(frozen=True)
class GpuResources:
    """The GPU, its memory and its kernels. ``lock`` must be held while any of them is used: a filter may be loaded
    while another one computes."""

    gpu: Gpu
    arena: Arena
    staging: Staging
    convolutions: ConvolutionSessions
    make_kernels: Callable[[type[np.generic]], Kernels]
    lock: threading.Lock = field(default_factory=threading.Lock)
    _kernels: dict[type[np.generic], Kernels] = field(default_factory=dict)

    def kernels(self, element: type[np.generic]) -> Kernels:
        """The kernels for values of this type, compiled when they are first asked for. Raises CompilerError and
        CudaError."""
        if element not in self._kernels:
            self._kernels[element] = self.make_kernels(element)
        return self._kernels[element]


def open_gpu_resources(open_session: Callable[[bytes, int], Any]) -> GpuResources:
    """The resources of the first GPU. ``open_session`` makes an onnxruntime.InferenceSession of a serialised model, on
    the CUDA stream with the given number.

    Raises OSError without a driver, CompilerError and CudaError.
    """
    gpu = Gpu()
    convolutions = ConvolutionSessions(lambda model: open_session(model, gpu.stream))
    resources = GpuResources(gpu, Arena(gpu), Staging(gpu), convolutions, lambda element: Kernels(gpu, element))
    resources.kernels(np.float32)  # so that what is missing is noticed now
    return resources
