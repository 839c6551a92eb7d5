"""The executor that every backend can offer: the network over the whole picture in one run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.cancel import CancelToken, RunControl
from server.engine.failure import NetworkFault
from server.engine.feed import Feed
from server.engine.pixels import Tensor
from server.engine.plan import DoesNotFit
from server.engine.source import RowSource, TakeBand

# A full-size network takes about 1 KB for a pixel, and a device that keeps it for the next run saves that run time
# (onnxruntime about 15 % on a CPU). Every network keeps its own, so what larger pictures took goes back.
KEPT_PIXELS = 512 * 512

RunNetwork = Callable[[NDArray[Any], RunControl], NDArray[Any]]
"""The network's answer to what it is fed, both in its own terms."""


class Whole:
    """Computes with ``run_network``, which takes ``bytes_per_pixel`` at most; ``takes_batches`` is whether it takes
    several pictures at once."""

    def __init__(self, run_network: RunNetwork, feed: Feed, *, bytes_per_pixel: int, takes_batches: bool) -> None:
        self.takes_batches = takes_batches
        self._run_network = run_network
        self._feed = feed
        self._bytes_per_pixel = bytes_per_pixel

    def memory_bytes(self, height: int, width: int) -> int:
        """What one picture of this size takes at most."""
        return height * width * self._bytes_per_pixel

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> PlannedWhole:
        """Raises DoesNotFit. Always exact."""
        needed = self.memory_bytes(height, width)
        if needed > memory:
            raise DoesNotFit(needed)
        return PlannedWhole(self, needed)

    def compute(self, tensor: Tensor, token: CancelToken) -> Tensor:
        """The network's answer, N x 3 x H x W like ``tensor``, both -1 to 1. Raises NetworkFault for one of another
        shape or with values that are not finite, and whatever the backend raises."""
        control = RunControl(token, frees_memory=tensor[:, 0].size > KEPT_PIXELS)
        translated = self._feed.from_network(self._run_network(self._feed.to_network(tensor), control))
        if translated.shape != tensor.shape:
            raise NetworkFault(f"The network answered {_size(translated)} pixels to {_size(tensor)}.")
        if not np.isfinite([translated.min(), translated.max()]).all():
            raise NetworkFault("The network answered with values that are not finite.")
        return translated


@dataclass(frozen=True)
class PlannedWhole:
    """Plan of a Whole."""

    whole: Whole
    memory_bytes: int

    @property
    def pieces(self) -> int:
        return 1

    @property
    def takes_batches(self) -> bool:
        return self.whole.takes_batches

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        results = self.whole.compute(_together(sources), token)
        for number, take in enumerate(takers):
            take(results[number : number + 1])
        yield 1.0


def _together(sources: Sequence[RowSource]) -> Tensor:
    tensors = [source.rows(0, source.height) for source in sources]
    return tensors[0] if len(tensors) == 1 else np.concatenate(tensors)


def _size(tensor: Tensor) -> str:
    return f"{tensor.shape[2]} x {tensor.shape[3]}"
