"""A network that onnxruntime has loaded, and the ways to compute it there."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.feed import Feed, Precision
from server.engine.fused.executor import FusedExecutor
from server.engine.fused.gpu_resources import GpuResources
from server.engine.network.network import Network
from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.onnxruntime.agreement import fused_network
from server.engine.onnxruntime.arena import give_back
from server.engine.onnxruntime.binding import Binding
from server.engine.onnxruntime.execution_providers import CPU, TENSORRT
from server.engine.onnxruntime.lack_of_memory import is_lack_of_memory
from server.engine.onnxruntime.run_options import run_options
from server.engine.onnxruntime.sessions import Sessions
from server.engine.onnxruntime.whole_network import open_whole
from server.engine.pixels import Channels
from server.engine.plan import Executor
from server.engine.tiled.executor import TiledExecutor
from server.engine.tiled.tiled_network import TiledNetwork, TiledNetworks

# On a CPU pieces are faster than onnxruntime's way, but for the smallest pictures.
_LEAST_IN_PIECES = 128 * 128

# cuDNN normalises no layer of 2 GiB: 64 channels of more pixels in float32.
_MOST_AT_ONCE = 1 << 23


class OnnxruntimeNetwork:
    """A Loaded of a serialised model. With ``gpu_resources`` it is fused where that is possible; ``tiled_networks`` are
    for pictures that are computed in tiles. On a CPU its session is opened when it is first run: many filters are never
    used, or computed in tiles alone. Loading, and such a run, raise whatever onnxruntime raises."""

    def __init__(
        self,
        model: bytes,
        feed: Feed,
        sessions: Sessions,
        tiled_networks: TiledNetworks,
        gpu_resources: GpuResources | None,
    ) -> None:
        self._model = model
        self._feed = feed
        self._tiled_networks = tiled_networks
        self._not_in_pieces: UnsupportedNetwork | None = None
        self._sessions = sessions
        self.name = CPU if sessions.on_cpu else str(self._session.get_providers()[0])
        on_gpu = self.name != CPU
        self._binding = Binding(self._session, input=feed.input, output=feed.output, device="cuda") if on_gpu else None
        # TensorRT would build another engine, for minutes, for each new number of pictures.
        takes_batches = feed.batches and self.name != TENSORRT
        self.whole = open_whole(model, feed, sessions, self.run, takes_batches=takes_batches)
        least_pixels = _LEAST_IN_PIECES if sessions.on_cpu else _MOST_AT_ONCE + 1
        in_pieces = TiledExecutor(
            self._tiled_network,
            feed,
            self.whole,
            least_pixels=least_pixels,
            give_back=give_back if sessions.on_cpu else lambda: None,
        )
        fused = None
        if gpu_resources is not None and feed.channels is Channels.RGB and not feed.input_type:
            fused = fused_network(self._network, feed, gpu_resources, self._session)
        first = (FusedExecutor(fused, feed, takes_batches=takes_batches),) if fused is not None else ()
        self.executors: tuple[Executor, ...] = (*first, in_pieces, self.whole)

    def run(self, values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        """The network's answer, both as the network has them. Raises whatever onnxruntime raises."""
        with run_options(self._session, control) as options:
            # What is bound on a GPU would never go back.
            if self._binding is None or control.frees_memory:
                answers: list[NDArray[Any]]
                answers = self._session.run([self._feed.output], {self._feed.input: values}, options)
                return answers[0]
            return self._binding.run(values, options)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return is_lack_of_memory(error)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return self._sessions.open(self._model, half=self._feed.precision is Precision.FLOAT16)

    def _tiled_network(self) -> TiledNetwork:
        """The network for pictures that are not computed at once. Raises UnsupportedNetwork."""
        if self._not_in_pieces is not None:
            raise self._not_in_pieces.again()
        try:
            return self._tiled_networks.network(self._sha256, self._network)
        except UnsupportedNetwork as error:
            self._not_in_pieces = error.again()
            raise

    @cached_property
    def _sha256(self) -> str:
        return hashlib.sha256(self._model).hexdigest()

    def _network(self) -> Network:
        feed = self._feed
        return read_network(self._model, input=feed.input, output=feed.output, channels_last=feed.channels_last)
