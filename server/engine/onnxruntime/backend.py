"""What computes: onnxruntime's execution provider, chosen in order and checked for what really answers."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import onnxruntime
from onnx import TensorProto, helper

from server.engine.fused.workshop import Workshop, open_workshop
from server.engine.memory import SHARE, free_memory
from server.engine.onnxruntime.tensorrt import EngineCache
from server.engine.tiled.engine import Engines
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST

TENSORRT = "TensorrtExecutionProvider"
CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"

# cuDNN's default search tunes anew for every picture size; the arena's default doubles what a large picture took.
_CUDA_OPTIONS = {
    "cudnn_conv_algo_search": "HEURISTIC",
    "cudnn_conv_use_max_workspace": "1",
    "arena_extend_strategy": "kSameAsRequested",
    "do_copy_in_default_stream": "1",
}

# For the probe, whose one node is then left to CUDA.
_BUILD_NOTHING = {"trt_min_subgraph_size": "2"}

_NO_GPU = (
    "The GPU cannot be used and the CPU answers instead; install the NVIDIA driver, CUDA 13 and cuDNN 9"
    " (see https://onnxruntime.ai/docs/install/#cuda-and-cudnn) or start with --provider cpu."
)
_NO_TENSORRT = (
    "TensorRT cannot be used and CUDA answers instead; install TensorRT 10 for CUDA 13 and put its libraries where they"
    " are looked for (LD_LIBRARY_PATH, on Windows PATH), or start with --provider cuda."
)

_log = logging.getLogger(__name__)


class Provider(StrEnum):
    """What may be asked for: AUTO is CUDA where an NVIDIA driver is installed, else the CPU. Where TENSORRT cannot be
    used, CUDA is, and where that cannot, the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


class Device:
    """Opens sessions on one device, one at a time. ``threads`` on the CPU; 0 leaves their number to onnxruntime.

    ``tensorrt_cache`` is a folder for TensorRT's engines (None: one in the user's cache); ``warm_up`` is the sides of
    the squares that a GPU computes before a filter is offered. Raises StartProblem where the cache cannot be used.
    """

    def __init__(
        self,
        provider: Provider = Provider.AUTO,
        *,
        threads: int = 0,
        tensorrt_cache: Path | None = None,
        warm_up: Sequence[int] = (),
    ) -> None:
        self._threads = threads
        self._creation = threading.Lock()
        self._engine_cache = EngineCache(tensorrt_cache) if provider is Provider.TENSORRT else None
        wanted = _wanted(provider)
        # onnxruntime falls back without an error, so only a session tells.
        self.execution_provider = next(name for name in wanted if self._answers(name))
        self.warning = _warning(wanted[0], self.execution_provider)
        self.is_cpu = self.execution_provider == CPU
        # The largest first: TensorRT's engine is then good for those below it.
        self.warm_up = () if self.is_cpu else tuple(sorted(warm_up, reverse=True))
        self.engines = Engines(CHANNELS_LAST if self.is_cpu else CHANNELS_FIRST, self.open_part)
        self.workshop = self._workshop()

    def default_budget(self) -> int:
        """The bytes that computations may take together: a share of what the device has free now, and no more of what
        the processor's memory has free."""
        free = free_memory()
        if self.workshop is not None:
            free = min(free, self.workshop.gpu.free_memory())
        return int(free * SHARE)

    def open(self, model: bytes, *, half: bool = False) -> Any:
        """An onnxruntime.InferenceSession of the serialised model, of a float16 network if ``half``; raises whatever
        onnxruntime raises."""
        kept: Mapping[str, str] = {}
        if self._engine_cache is not None and self.execution_provider == TENSORRT:
            kept = self._engine_cache.options(model, half=half)
        return self._open(model, self._options(), _providers(self.execution_provider, kept))

    def open_part(self, model: bytes) -> Any:
        """The same, for one of many that compute parts of a network in turn: on the CPU they share their memory, and
        their threads do not spin while another's work."""
        options = self._options()
        if self.is_cpu:
            _share_memory()
            options.add_session_config_entry("session.use_env_allocators", "1")
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.enable_mem_pattern = False  # of which every shape of a piece would keep one
        # Parts are small and many: TensorRT would take minutes to build their engines.
        return self._open(model, options, _providers(CPU if self.is_cpu else CUDA, {}))

    def _open_on_stream(self, model: bytes, stream: int) -> Any:
        on_stream = {"prefer_nhwc": "1", "user_compute_stream": str(stream)}
        return self._open(model, self._options(), [(CUDA, _CUDA_OPTIONS | on_stream), CPU])

    def _workshop(self) -> Workshop | None:
        """Where CUDA answers, but for what it lacks; the log says what."""
        if self.execution_provider != CUDA:
            return None
        try:
            return open_workshop(self._open_on_stream)
        except (OSError, RuntimeError) as error:
            _log.warning("The GPU computes filters with onnxruntime alone, which takes longer: %s", error)
            return None

    def _options(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 4  # its errors are raised too
        return options

    def _open(self, model: bytes, options: Any, providers: list[Any]) -> Any:
        with self._creation:
            # Its own way out of an error would be another provider, without our options and with a banner.
            return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)

    def _answers(self, name: str) -> bool:
        if name == CPU or name not in onnxruntime.get_available_providers():
            return name == CPU
        try:
            session = self._open(_probe(), self._options(), _providers(name, _BUILD_NOTHING))
        except Exception as error:
            _log.warning("%s cannot be used: %s", name, error)
            return False
        return bool(session.get_providers()[0] == name)

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


def _wanted(provider: Provider) -> list[str]:
    """Execution providers, the best first."""
    if provider is Provider.CPU or (provider is Provider.AUTO and not _has_driver()):
        return [CPU]
    if CUDA in onnxruntime.get_available_providers():
        with contextlib.redirect_stdout(sys.stderr):  # it prints what it did not find
            onnxruntime.preload_dlls()
    return [TENSORRT, CUDA, CPU] if provider is Provider.TENSORRT else [CUDA, CPU]


def _providers(first: str, tensorrt: Mapping[str, str]) -> list[Any]:
    """What onnxruntime shall use, with options, the best first."""
    providers = [(TENSORRT, dict(tensorrt)), (CUDA, _CUDA_OPTIONS), CPU]
    return providers[[TENSORRT, CUDA, CPU].index(first) :]


def _has_driver() -> bool:
    """Whether an NVIDIA driver is installed: onnxruntime would complain loudly where there is none."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _warning(wanted: str, answers: str) -> str | None:
    if answers == wanted:
        return None
    return _NO_GPU if answers == CPU else _NO_TENSORRT


def _probe() -> bytes:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "probe", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())
