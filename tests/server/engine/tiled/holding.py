"""How much memory stores really hold, measured in a process of their own, where nothing else allocates or is freed:

    python -m tests.server.engine.tiled.holding SCENARIO NUMBER_OF_LAYOUT

It prints the bytes beyond those before, at the scenario's moments, as JSON. Linux only.
"""

from __future__ import annotations

import gc
import json
import mmap
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from server.engine.heap import trim
from server.engine.network.network import Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area
from server.engine.tiled.layer_store import LayerStore
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.tiled.memory_store import MemoryStore

LAYOUTS = [CHANNELS_LAST, CHANNELS_FIRST]
LARGE = Size(64, 512, 256)  # 32 MiB
SMALL = Size(3, 29, 17)


def measure(scenario: str, layout: Layout) -> list[int]:
    """Runs one of the scenarios below."""
    command = [sys.executable, "-m", "tests.server.engine.tiled.holding", scenario, str(LAYOUTS.index(layout))]
    held: list[int] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return held


def _another_size(layout: Layout) -> Iterator[int]:
    """Filled; a small layer beside what is left of half; and when all is dropped."""
    kept = MemoryStore(layout, np.dtype(np.float32))
    yield _fill(kept, "layer", layout)
    for name, top in (("small", LARGE.height // 2), ("other", None)):
        kept.drop("layer", top)
        kept.open(name, SMALL)
        kept.write(
            name,
            _rows(SMALL, 0, SMALL.height),
            np.ones(layout.shape(SMALL.channels, SMALL.height, SMALL.width), np.float32),
        )
        yield _held()


def _closing(layout: Layout) -> Iterator[int]:
    """Filled; closed."""
    kept = MemoryStore(layout, np.dtype(np.float32))
    yield _fill(kept, "layer", layout)
    kept.drop("layer")
    kept.close()
    yield _held()


def _in_turn(layout: Layout) -> Iterator[int]:
    """One filled; at most while the next one is filled and the first one dropped."""
    kept = MemoryStore(layout, np.dtype(np.float32))
    yield _fill(kept, "first", layout)
    yield _fill(kept, "second", layout, dropping="first")


def _recycled(layout: Layout) -> Iterator[int]:
    """One filled; at most while the next one is filled in its memory; closed."""
    kept = MemoryStore(layout, np.dtype(np.float32), recycles=True)
    yield _fill(kept, "first", layout)
    kept.drop("first")
    yield _fill(kept, "second", layout)
    kept.drop("second")
    kept.close()
    yield _held()


def _fill(kept: LayerStore, name: str, layout: Layout, *, dropping: str | None = None) -> int:
    """Writes it band by band, and drops as much of another. Returns the most that was held, without the band."""
    kept.open(name, LARGE)
    most, band = 0, partial(np.ones, layout.shape(LARGE.channels, 64, LARGE.width), np.float32)
    for top in range(0, LARGE.height, 64):
        kept.write(name, _rows(LARGE, top, top + 64), band())
        if dropping:
            kept.drop(dropping, top + 64)
        most = max(most, _held())
    return most


def _rows(size: Size, top: int, bottom: int) -> Area:
    return Area(Span(top, bottom), Span(0, size.width))


def _held() -> int:
    """Bytes of the system's memory that this process has for its data; files that are mapped, such as libraries, come
    and go as the system likes."""
    gc.collect()
    trim()
    resident, shared = map(int, Path("/proc/self/statm").read_text().split()[1:3])
    return (resident - shared) * mmap.PAGESIZE


def _main(scenario: str, layout: str) -> None:
    before = _held()
    print(json.dumps([held - before for held in _SCENARIOS[scenario](LAYOUTS[int(layout)])]))


_SCENARIOS = {
    "another size": _another_size,
    "closing": _closing,
    "in turn": _in_turn,
    "recycled": _recycled,
}


if __name__ == "__main__":
    _main(*sys.argv[1:])
