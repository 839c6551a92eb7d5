"""What computes: onnxruntime's execution provider, chosen in order and checked for what really answers."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
import threading
from enum import StrEnum
from typing import Any

import onnxruntime
from onnx import TensorProto, helper

from server.engine.pieces.engine import Engines
from server.engine.pieces.layout import CHANNELS_FIRST, CHANNELS_LAST

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"

# cuDNN's default search tunes anew for every picture size; the arena's default doubles what a large picture took.
_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",
    "cudnn_conv_use_max_workspace": "1",
    "arena_extend_strategy": "kSameAsRequested",
    "do_copy_in_default_stream": "1",
}

_NO_GPU = (
    "The GPU cannot be used and the CPU answers instead; install the NVIDIA driver, CUDA 13 and cuDNN 9"
    " (see https://onnxruntime.ai/docs/install/#cuda-and-cudnn) or start with --provider cpu."
)


class Provider(StrEnum):
    """What may be asked for: AUTO is CUDA where an NVIDIA driver is installed, else the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Device:
    """Opens sessions on one device, one at a time. ``threads`` on the CPU; 0 leaves their number to onnxruntime."""

    def __init__(self, provider: Provider = Provider.AUTO, *, threads: int = 0) -> None:
        self._threads = threads
        self._creation = threading.Lock()
        gpu_wanted = _gpu_wanted(provider)
        self._providers = _with_cuda() if gpu_wanted else [CPU]
        # onnxruntime falls back to the CPU without an error, so only a session tells.
        self.execution_provider = str(self.open(_probe()).get_providers()[0])
        self.warning: str | None = None
        if gpu_wanted and self.execution_provider != CUDA:
            self._providers, self.warning = [CPU], _NO_GPU
        self.is_cpu = self._providers == [CPU]
        self.engines = Engines(CHANNELS_LAST if self.is_cpu else CHANNELS_FIRST, self.open_part)

    def open(self, model: bytes) -> Any:
        """An onnxruntime.InferenceSession of the serialised model; raises whatever onnxruntime raises."""
        return self._open(model, self._options())

    def open_part(self, model: bytes) -> Any:
        """The same, for one of many that compute parts of a network in turn: on the CPU they share their memory, and
        their threads do not spin while another's work."""
        options = self._options()
        if self.is_cpu:
            _share_memory()
            options.add_session_config_entry("session.use_env_allocators", "1")
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.enable_mem_pattern = False  # of which every shape of a piece would keep one
        return self._open(model, options)

    def _options(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 4  # its errors are raised too
        return options

    def _open(self, model: bytes, options: Any) -> Any:
        with self._creation:
            return onnxruntime.InferenceSession(model, options, providers=self._providers)

    def run_options(self) -> Any:
        """onnxruntime.RunOptions for one run; setting ``terminate`` ends it."""
        options = onnxruntime.RunOptions()
        options.log_severity_level = 4
        return options


@functools.cache
def _share_memory() -> None:
    """onnxruntime has one environment in a process, and one such memory in it."""
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    same_as_requested = {"arena_extend_strategy": 1}
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg(same_as_requested))


def _gpu_wanted(provider: Provider) -> bool:
    """AUTO wants it where an NVIDIA driver is installed: onnxruntime would complain loudly where there is none."""
    if provider is not Provider.AUTO:
        return provider is Provider.CUDA
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _with_cuda() -> list[Any]:
    if CUDA not in onnxruntime.get_available_providers():
        return [CPU]
    with contextlib.redirect_stdout(sys.stderr):  # it prints what it did not find
        onnxruntime.preload_dlls()
    return [(CUDA, _CUDA_OPTIONS), CPU]


def _probe() -> bytes:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "probe", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())
