"""The executor that every backend can offer: the network over the whole picture in one run."""

from __future__ import annotations

import sys
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

# A device that keeps the memory of a run for the next one saves that run time (onnxruntime about 15 % on a CPU). What
# larger pictures took goes back.
KEPT_PIXELS = 512 * 512

RunNetwork = Callable[[NDArray[Any], RunControl], NDArray[Any]]
"""The network's answer to what it is fed, both in its own terms."""

UNLIMITED = sys.maxsize
"""Memory that is no limit: nobody has to find out how much a picture takes."""

# Bytes of one pixel's three colours in float32.
_COPY = 12


BytesNeeded = Callable[[int, int], int]
"""What the network takes at most for a picture of this height and width, with the values that it is fed."""


class Whole:
    """Computes with ``run_network``, which takes ``bytes_needed`` at most; ``takes_batches`` is whether it takes
    several pictures at once. Pictures for which the memory does not suffice are left to ``frugal``, if there is one,
    which takes less and longer."""

    def __init__(
        self,
        run_network: RunNetwork,
        feed: Feed,
        *,
        bytes_needed: BytesNeeded,
        takes_batches: bool,
        frugal: Whole | None = None,
    ) -> None:
        self.takes_batches = takes_batches
        self._run_network = run_network
        self._feed = feed
        self._bytes_needed = bytes_needed
        self._frugal = frugal

    def memory_bytes(self, height: int, width: int) -> int:
        """What one picture of this size takes at most, with the copies in which the network is fed and answers."""
        copies = 1 if self._feed.is_plain else (2 if self._feed.is_usual else 3)
        return self._bytes_needed(height, width) + height * width * copies * _COPY

    def least_bytes(self, height: int, width: int) -> int:
        """What one picture of this size takes at most where memory is short."""
        own = self.memory_bytes(height, width)
        return own if self._frugal is None else min(own, self._frugal.least_bytes(height, width))

    def fits(self, height: int, width: int, memory: int) -> bool:
        """Whether the memory suffices without being frugal."""
        return memory == UNLIMITED or self.memory_bytes(height, width) <= memory

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> PlannedWhole:
        """Raises DoesNotFit. Always exact."""
        if self.fits(height, width, memory):
            return PlannedWhole(self, height, width)
        if self._frugal is not None and self._frugal.fits(height, width, memory):
            return PlannedWhole(self._frugal, height, width)
        raise DoesNotFit(self.least_bytes(height, width))

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
    height: int
    width: int

    @property
    def memory_bytes(self) -> int:
        """See Plan."""
        return self.whole.memory_bytes(self.height, self.width)

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
