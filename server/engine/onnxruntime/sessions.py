"""Opens onnxruntime's sessions: of whole networks, of the parts of one, and on a GPU's stream."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import onnxruntime

from server.engine.exact_statistics import with_exact_statistics
from server.engine.onnxruntime.arena import sharing_options
from server.engine.onnxruntime.execution_providers import (
    CPU,
    CUDA,
    TENSORRT,
    cuda_on_stream,
    open_session,
    providers,
    session_options,
)
from server.engine.onnxruntime.part import OnnxruntimePart
from server.engine.onnxruntime.tensorrt import EngineCache


class Sessions:
    """Opens sessions on one execution provider, one at a time, with ``threads`` threads on the CPU (0: as many as
    onnxruntime likes). ``engine_cache`` keeps what TensorRT builds. Opening raises whatever onnxruntime raises."""

    def __init__(self, execution_provider: str, threads: int, engine_cache: EngineCache | None = None) -> None:
        self.on_cpu = execution_provider == CPU
        self._execution_provider = execution_provider
        self._threads = threads
        self._engine_cache = engine_cache
        self._creation = threading.Lock()

    def open(self, model: bytes, *, half: bool = False) -> onnxruntime.InferenceSession:
        """A session of a serialised model, which is a float16 network if ``half``. On a CPU it loses no digits."""
        model = self.as_run(model)
        kept: Mapping[str, str] = {}
        if self._engine_cache is not None and self._execution_provider == TENSORRT:
            kept = self._engine_cache.options(model, half=half)
        options = sharing_options(self._threads) if self.on_cpu else session_options(self._threads)
        return self._open(model, options, providers(self._execution_provider, kept))

    def open_frugal(self, model: bytes) -> onnxruntime.InferenceSession:
        """A session on the CPU that keeps no memory for later: each value goes back as soon as nobody reads it, which
        takes a tenth longer."""
        options = session_options(self._threads)
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        return self._open(self.as_run(model), options, providers(CPU, {}))

    def as_run(self, model: bytes) -> bytes:
        """A serialised model as ``open`` loads it."""
        return with_exact_statistics(model) if self.on_cpu else model

    def open_part(self, model: bytes) -> OnnxruntimePart:
        """One of many serialised models that compute parts of a network in turn: on the CPU they share their memory,
        and the threads of one do not spin while another's work."""
        options = sharing_options(self._threads) if self.on_cpu else session_options(self._threads)
        if self.on_cpu:
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Parts are small and many: TensorRT would take minutes to build their engines.
        return OnnxruntimePart(self._open(model, options, providers(CPU if self.on_cpu else CUDA, {})))

    def open_on_stream(self, model: bytes, stream: int) -> onnxruntime.InferenceSession:
        """A session of a serialised model whose work is queued on the GPU's stream of this number."""
        return self._open(model, session_options(self._threads), cuda_on_stream(stream))

    def _open(self, model: bytes, options: Any, wanted: list[Any]) -> onnxruntime.InferenceSession:
        with self._creation:
            return open_session(model, options, wanted)
