"""The backend of onnxruntime: on the CPU, or on an NVIDIA GPU with CUDA or TensorRT."""

from __future__ import annotations

import logging

from server.engine.backend import Settings
from server.engine.feed import Feed
from server.engine.fused.workshop import Workshop, open_workshop
from server.engine.memory import SHARE, free_memory
from server.engine.onnxruntime.execution_providers import CPU, CUDA, choose
from server.engine.onnxruntime.loaded import OnnxruntimeNetwork
from server.engine.onnxruntime.sessions import Sessions
from server.engine.onnxruntime.tensorrt import EngineCache
from server.engine.provider import Provider
from server.engine.tiled.engine import Engines
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST

_log = logging.getLogger(__name__)


class OnnxruntimeBackend:
    """A Backend on the execution provider that answers for ``provider``, checked by a session. Raises StartProblem
    where TensorRT's cache cannot be used."""

    library = "onnxruntime"

    def __init__(self, provider: Provider, settings: Settings) -> None:
        engine_cache = EngineCache(settings.tensorrt_cache) if provider is Provider.TENSORRT else None
        self.name, self.warning = choose(provider, settings.threads)
        on_cpu = self.name == CPU
        # The largest first: TensorRT's engine is then good for those below it.
        self.warm_up: tuple[int, ...] = () if on_cpu else tuple(sorted(settings.warm_up, reverse=True))
        self._sessions = Sessions(self.name, settings.threads, engine_cache)
        self._engines = Engines(CHANNELS_LAST if on_cpu else CHANNELS_FIRST, self._sessions.open_part)
        self.workshop = self._workshop()

    def default_budget(self) -> int:
        """A share of the bytes that the device has free now, and no more of what the processor's memory has free."""
        free = free_memory()
        if self.workshop is not None:
            free = min(free, self.workshop.gpu.free_memory())
        return int(free * SHARE)

    def open(self, model: bytes, feed: Feed) -> OnnxruntimeNetwork:
        """Loads a serialised ONNX model. Raises whatever onnxruntime raises."""
        return OnnxruntimeNetwork(model, feed, self._sessions, self._engines, self.workshop)

    def _workshop(self) -> Workshop | None:
        """What our kernels need, where CUDA answers; None, and the log says why, where something is missing."""
        if self.name != CUDA:
            return None
        try:
            return open_workshop(self._sessions.open_on_stream)
        except (OSError, RuntimeError) as error:
            _log.warning("The GPU computes filters with onnxruntime alone, which takes longer: %s", error)
            return None


def open_backend(provider: Provider, settings: Settings) -> OnnxruntimeBackend:
    """What ``server.engine.backend`` looks for. Raises StartProblem where TensorRT's cache cannot be used."""
    return OnnxruntimeBackend(provider, settings)
