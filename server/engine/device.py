"""Which execution provider answers: what was asked for, or honestly something else."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Any

import onnxruntime as ort
from onnx import TensorProto, helper

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

# Convolution search by heuristic: the default tries every algorithm again for each new picture size. The arena grows
# by what is asked, so that a large picture does not reserve twice its need.
_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
    "cudnn_conv_use_max_workspace": "1",
    "do_copy_in_default_stream": "1",
}


@dataclass(frozen=True)
class Device:
    """``providers`` is what onnxruntime is given, ``name`` is the provider that really answers."""

    providers: tuple[str | tuple[str, dict[str, Any]], ...]
    name: str
    warning: str | None = None


def choose_device(wanted: str) -> Device:
    """``auto`` takes CUDA where there is a driver for it, ``cpu`` and ``cuda`` are what they say.

    onnxruntime falls back to the CPU in silence, so a tiny model is run to see who answers; when CUDA was asked for
    and the CPU answered, the device carries a warning.
    """
    if wanted == "cpu" or (wanted == "auto" and not _has_cuda_driver()):
        return Device((CPU,), CPU)
    if CUDA not in ort.get_available_providers():
        return Device((CPU,), CPU, "CUDA was asked for, but this onnxruntime has no CUDA; install onnxruntime-gpu.")
    ort.preload_dlls()
    providers = ((CUDA, _CUDA_OPTIONS), CPU)
    name = _answering(providers)
    if name == CUDA:
        return Device(providers, CUDA)
    return Device(
        (CPU,),
        CPU,
        f"CUDA was asked for, but {name} answered: onnxruntime did not find a GPU with CUDA 13 and cuDNN 9; install "
        "them with pip install 'onnxruntime-gpu[cuda,cudnn]', or use --provider cpu.",
    )


def _has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _answering(providers: tuple[Any, ...]) -> str:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "probe", [value], [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=list(providers))
    return str(session.get_providers()[0])
