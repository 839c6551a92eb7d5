"""What all networks on one GPU share."""

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
class Workshop:
    """``lock`` is held by whoever uses the rest: a filter is loaded while another one computes."""

    gpu: Gpu
    arena: Arena
    staging: Staging
    convolutions: ConvolutionSessions
    make_kernels: Callable[[type[np.generic]], Kernels]
    lock: threading.Lock = field(default_factory=threading.Lock)
    _kernels: dict[type[np.generic], Kernels] = field(default_factory=dict)

    def kernels(self, element: type[np.generic]) -> Kernels:
        """For values of a type, which are compiled when they are first asked for."""
        if element not in self._kernels:
            self._kernels[element] = self.make_kernels(element)
        return self._kernels[element]


def open_workshop(open_session: Callable[[bytes, int], Any]) -> Workshop:
    """``open_session`` makes an onnxruntime.InferenceSession of a serialised model, on the stream with this number.

    Raises OSError without a driver, CompilerError and CudaError.
    """
    gpu = Gpu()
    convolutions = ConvolutionSessions(lambda model: open_session(model, gpu.stream))
    workshop = Workshop(gpu, Arena(gpu), Staging(gpu), convolutions, lambda element: Kernels(gpu, element))
    workshop.kernels(np.float32)  # whatever is missing is missed now
    return workshop
