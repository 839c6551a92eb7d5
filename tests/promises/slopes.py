"""How fast what a process takes of the machine grows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from tests.promises.usage import usage


@dataclass
class Slopes:
    """Of one process, by samples that are taken now and then."""

    pid: int
    _samples: list[tuple[float, int, int, int]] = field(default_factory=list)

    def sample(self) -> None:
        """Notes what it takes now."""
        now = usage(self.pid)
        self._samples.append((time.monotonic(), now.resident, now.descriptors, now.threads))

    @property
    def memory(self) -> float:
        """Bytes a minute over the last two thirds of the samples."""
        return self._slope(1)

    @property
    def descriptors(self) -> float:
        """How many a minute over the last two thirds."""
        return self._slope(2)

    @property
    def threads(self) -> float:
        """How many a minute over the last two thirds."""
        return self._slope(3)

    def told(self) -> str:
        """In a line: from where to where, and the slopes."""
        _, memory, descriptors, threads = zip(*self._samples, strict=True)
        return (
            f"memory {memory[0] >> 20} to {memory[-1] >> 20} MiB ({self.memory / (1 << 20):+.2f} MiB/min),"
            f" descriptors {descriptors[0]} to {descriptors[-1]} ({self.descriptors:+.2f}/min),"
            f" threads {threads[0]} to {threads[-1]} ({self.threads:+.2f}/min)"
        )

    def _slope(self, column: int) -> float:
        settled = np.array(self._samples[len(self._samples) // 3 :], np.float64)
        return float(np.polyfit((settled[:, 0] - settled[0, 0]) / 60, settled[:, column], 1)[0])
