"""onnxruntime's execution providers: which ones to ask for, with which options, and which one really answers."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import sys
from collections.abc import Mapping
from typing import Any

import onnxruntime
from onnx import TensorProto, helper

from server.engine.provider import Provider

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


def choose(provider: Provider, threads: int) -> tuple[str, str | None]:
    """The execution provider that answers for ``provider``, and a sentence where it is not what was asked for.

    onnxruntime falls back without an error, so only a session tells.
    """
    wanted = _wanted(provider)
    answers = next(name for name in wanted if _answers(name, threads))
    if answers == wanted[0]:
        return answers, None
    return answers, _NO_GPU if answers == CPU else _NO_TENSORRT


def providers(first: str, tensorrt: Mapping[str, str]) -> list[Any]:
    """What InferenceSession takes as its providers: ``first`` and those that stand behind it, with their options;
    ``tensorrt`` are TensorRT's."""
    known = [(TENSORRT, dict(tensorrt)), (CUDA, _CUDA_OPTIONS), CPU]
    return known[[TENSORRT, CUDA, CPU].index(first) :]


def cuda_on_stream(stream: int) -> list[Any]:
    """What InferenceSession takes as its providers: CUDA on the stream of this number, for channels that come last."""
    return [(CUDA, _CUDA_OPTIONS | {"prefer_nhwc": "1", "user_compute_stream": str(stream)}), CPU]


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Options for any session; ``threads`` are those on the CPU, 0 leaves their number to onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # its errors are raised too
    return options


def open_session(
    model: bytes, options: onnxruntime.SessionOptions, providers: list[Any]
) -> onnxruntime.InferenceSession:
    """A session of a serialised model. Raises whatever onnxruntime raises: its own way out would be another provider,
    without our options and with a banner."""
    return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)


def probe_model() -> bytes:
    """The smallest model there is: it gives back the one number that it is fed."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "probe", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def _wanted(provider: Provider) -> list[str]:
    """The execution providers to try for ``provider``, the best first."""
    if provider is Provider.CPU or (provider is Provider.AUTO and not _has_driver()):
        return [CPU]
    if CUDA in onnxruntime.get_available_providers():
        with contextlib.redirect_stdout(sys.stderr):  # it prints what it did not find
            onnxruntime.preload_dlls()
    return [TENSORRT, CUDA, CPU] if provider is Provider.TENSORRT else [CUDA, CPU]


def _has_driver() -> bool:
    """Whether an NVIDIA driver is installed: onnxruntime would complain loudly where there is none."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _answers(name: str, threads: int) -> bool:
    if name == CPU or name not in onnxruntime.get_available_providers():
        return name == CPU
    try:
        session = open_session(probe_model(), session_options(threads), providers(name, _BUILD_NOTHING))
    except Exception as error:
        _log.warning("%s cannot be used: %s", name, error)
        return False
    return bool(session.get_providers()[0] == name)
