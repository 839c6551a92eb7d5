"""A network that onnxruntime has loaded, and the ways to compute it there."""

from __future__ import annotations

from server.engine.feed import Feed
from server.engine.fused.executor import FusedExecutor
from server.engine.fused.gpu_resources import GpuResources
from server.engine.onnxruntime.agreement import fused_network
from server.engine.onnxruntime.arena import give_back
from server.engine.onnxruntime.execution_providers import CPU, TENSORRT
from server.engine.onnxruntime.in_pieces import InPieces
from server.engine.onnxruntime.lack_of_memory import is_lack_of_memory
from server.engine.onnxruntime.lazy_session import LazySession
from server.engine.onnxruntime.sessions import Sessions
from server.engine.onnxruntime.whole_network import open_whole
from server.engine.pixels import Channels
from server.engine.plan import Executor
from server.engine.tiled.executor import TiledExecutor
from server.engine.tiled.tiled_network import TiledNetworks

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
        session, network = LazySession(model, feed, sessions), InPieces(model, feed, tiled_networks)
        self.name = CPU if sessions.on_cpu else str(session.opened.get_providers()[0])
        # TensorRT would build another engine, for minutes, for each new number of pictures.
        takes_batches = feed.batches and self.name != TENSORRT
        self.whole = open_whole(model, feed, sessions, session.run, takes_batches=takes_batches)
        least_pixels = _LEAST_IN_PIECES if sessions.on_cpu else _MOST_AT_ONCE + 1
        in_pieces = TiledExecutor(
            network.tiled,
            feed,
            self.whole,
            least_pixels=least_pixels,
            give_back=give_back if sessions.on_cpu else lambda: None,
        )
        fused = None
        if gpu_resources is not None and feed.channels is Channels.RGB and not feed.input_type:
            fused = fused_network(network.read, feed, gpu_resources, session.opened)
        first = (FusedExecutor(fused, feed, takes_batches=takes_batches),) if fused is not None else ()
        self.executors: tuple[Executor, ...] = (*first, in_pieces, self.whole)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return is_lack_of_memory(error)
