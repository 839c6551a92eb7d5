"""Pictures to translate, and a translation that takes its time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pleinair.v1 import translation_pb2 as pb

from tests.contract.connection import (
    Connection,
    chunks_of,
    frame_of,
)

BIG = np.zeros((1024, 1024, 3), np.uint8)  # minutes for the slow filter


def noise(height: int, width: int, channels: int, dtype: Any = np.uint8) -> NDArray[Any]:
    random = np.random.default_rng(height * width)
    if dtype == np.float32:
        return random.random((height, width, channels), np.float32)
    return random.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


class Slow:
    """A translation that holds the device, until it is cancelled."""

    def __init__(self, connection: Connection, pixels: NDArray[Any] = BIG, **options: Any) -> None:
        frames = [frame_of("slow", pixels), *chunks_of(pixels)]
        self.call = connection.translation.Translate(iter(frames), **options)

    def await_stage(self, stage: int) -> pb.Progress:
        """Returns when the server says so."""
        progress: pb.Progress = next(frame.progress for frame in self.call if frame.progress.stage == stage)
        return progress
