"""What computations really take, measured in a process of their own:

    python -m tests.server.engine.footprint.taken NETWORK.onnx FEED HEIGHT WIDTH MEMORY [HEIGHT WIDTH MEMORY ...]

FEED is a Feed as JSON. It prints a line of JSON for each picture. Linux only: the kernel keeps the high-water mark.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import open_backend
from server.engine.cancel import CancelToken
from server.engine.feed import Feed, Precision
from server.engine.plan import DoesNotFit
from server.engine.provider import Provider
from server.engine.source import TensorSource

MIB = 1 << 20

_PROC = Path("/proc/self")


@dataclass(frozen=True)
class Taken:
    """Bytes: what the plan ``declared``, what was ``taken`` at most beyond what the process had before, and what it
    still ``held`` of that afterwards. ``pieces`` is 0 where the picture was refused, and ``declared`` then the need
    that the refusal names."""

    pieces: int
    declared: int
    taken: int
    held: int

    @property
    def ratio(self) -> float:
        """How many times as much as it took was declared."""
        return self.declared / self.taken


def measure(folder: Path, model: bytes, *pictures: tuple[int, int, int], **feed: Any) -> list[Taken]:
    """Computes pictures (height, width, memory in bytes) one after the other in a process of their own."""
    path = folder / "network.onnx"
    path.write_bytes(model)
    numbers = [str(number) for picture in pictures for number in picture]
    command = [sys.executable, "-m", "tests.server.engine.footprint.taken", str(path), json.dumps(feed), *numbers]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [Taken(**json.loads(line)) for line in lines]


def _main(path: str, feed: str, *numbers: str) -> None:
    device, told = open_backend(Provider.CPU, threads=1), json.loads(feed)
    if "precision" in told:
        told["precision"] = Precision(told["precision"])
    network = AnySizeNetwork(device.open(Path(path).read_bytes(), Feed(**told)), multiple=1)
    _computed(network, 64, 64, 1 << 40)  # so that libraries are loaded
    sizes = [int(number) for number in numbers]
    for height, width, memory in zip(sizes[::3], sizes[1::3], sizes[2::3], strict=True):
        print(json.dumps(_computed(network, height, width, memory).__dict__), flush=True)


def _computed(network: AnySizeNetwork, height: int, width: int, memory: int) -> Taken:
    source = TensorSource(np.random.default_rng(0).uniform(-1, 1, (1, 3, height, width)).astype(np.float32))
    try:
        plan = network.plan(height, width, memory)
    except DoesNotFit as error:
        return Taken(0, error.memory_bytes, 0, 0)
    (_PROC / "clear_refs").write_text("5")  # the high-water mark begins anew
    before = _status("VmRSS")
    for _ in network.translate([source], [lambda band: None], plan, CancelToken()):
        pass
    return Taken(plan.pieces, plan.memory_bytes, _status("VmHWM") - before, _status("VmRSS") - before)


def _status(name: str) -> int:
    (line,) = (line for line in (_PROC / "status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) << 10


if __name__ == "__main__":
    _main(*sys.argv[1:])
