"""The backend of onnxruntime: on the CPU, or on an NVIDIA GPU with CUDA or TensorRT."""

from __future__ import annotations

import logging

import onnxruntime

from server.engine.backend import Settings
from server.engine.feed import Feed
from server.engine.fused.gpu_resources import GpuResources, open_gpu_resources
from server.engine.memory import SHARE, free_memory
from server.engine.onnxruntime.execution_providers import CPU, CUDA, choose
from server.engine.onnxruntime.lack_of_memory import is_lack_of_memory
from server.engine.onnxruntime.loaded import OnnxruntimeNetwork
from server.engine.onnxruntime.sessions import Sessions
from server.engine.onnxruntime.tensorrt import EngineCache
from server.engine.onnxruntime.trial import OnnxruntimeTrial
from server.engine.provider import Provider
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST
from server.engine.tiled.tiled_network import TiledNetworks

_log = logging.getLogger(__name__)


class OnnxruntimeBackend:
    """A Backend on the execution provider that answers for ``provider``, checked by a session. Raises StartProblem
    where TensorRT's cache cannot be used."""

    library = "onnxruntime"
    version = str(onnxruntime.__version__)

    def __init__(self, provider: Provider, settings: Settings) -> None:
        engine_cache = EngineCache(settings.tensorrt_cache) if provider is Provider.TENSORRT else None
        self.name, self.warning = choose(provider, settings.threads)
        on_cpu = self.name == CPU
        # The largest first: TensorRT's engine is then good for those below it.
        self.warm_up: tuple[int, ...] = () if on_cpu else tuple(sorted(settings.warm_up, reverse=True))
        self._sessions = Sessions(self.name, settings.threads, engine_cache)
        self._tiled_networks = TiledNetworks(CHANNELS_LAST if on_cpu else CHANNELS_FIRST, self._sessions.open_part)
        self.gpu_resources = self._open_gpu_resources()

    def default_budget(self) -> int:
        """A share of the bytes that the device has free now, and no more of what the processor's memory has free."""
        free = free_memory()
        if self.gpu_resources is not None:
            free = min(free, self.gpu_resources.gpu.free_memory())
        return int(free * SHARE)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return is_lack_of_memory(error)

    def open_for_trial(self, model: bytes, feed: Feed) -> OnnxruntimeTrial:
        """Loads a serialised ONNX model on the CPU, without optimising it. Raises whatever onnxruntime raises."""
        return OnnxruntimeTrial(model, feed)

    def open(self, model: bytes, feed: Feed) -> OnnxruntimeNetwork:
        """Loads a serialised ONNX model; on the CPU when it is first run. Raises whatever onnxruntime raises."""
        return OnnxruntimeNetwork(model, feed, self._sessions, self._tiled_networks, self.gpu_resources)

    def _open_gpu_resources(self) -> GpuResources | None:
        """What our kernels need, where CUDA answers; None, and the log says why, where something is missing."""
        if self.name != CUDA:
            return None
        try:
            return open_gpu_resources(self._sessions.open_on_stream)
        except (OSError, RuntimeError) as error:
            _log.warning("The GPU computes filters with onnxruntime alone, which takes longer: %s", error)
            return None


def open_backend(provider: Provider, settings: Settings) -> OnnxruntimeBackend:
    """What ``server.engine.backend`` looks for. Raises StartProblem where TensorRT's cache cannot be used."""
    return OnnxruntimeBackend(provider, settings)
