"""What serving costs beside computing: ``make bench``.

For each size, in one run: the seconds of onnxruntime's bare session, and how many times as long the same picture takes
through the whole server, from raw pixels on the client to raw pixels back, on loopback. The two take turns, and the
medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from server.client import Client
from tests.processes import server_process
from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.export import export_filter
from training.methods.cut import Cut

SIZES = (256, 512, 1024)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving", description="Serving against computing."
    )
    parser.add_argument("--width", type=int, default=64, help="the generator's width (default: 64, the paper's)")
    parser.add_argument("--blocks", type=int, default=9, help="its residual blocks (default: 9, the paper's)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="sides of the square pictures, in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds for each size (default: 5)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.onnx"
        _write_filter(path, options.width, options.blocks)
        session = onnxruntime.InferenceSession(path)
        print(f"{'size':>6} {'bare session':>14} {'server / session':>18}   ({session.get_providers()[0]})")
        with server_process(Path(folder)) as address, Client(address) as client:
            for size in options.sizes:
                _row(session, client, size, options.rounds)
    return 0


def _row(session: onnxruntime.InferenceSession, client: Client, size: int, rounds: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    tensor = (pixels.transpose(2, 0, 1)[None] / np.float32(127.5) - 1).astype(np.float32)
    bare, served = _alternate(
        lambda: session.run(None, {"image": tensor}), lambda: client.translate("bench", pixels), rounds=rounds
    )
    print(f"{size:>6} {bare:>12.3f} s {served / bare:>18.3f}", flush=True)


def _alternate(first: Callable[[], object], second: Callable[[], object], *, rounds: int) -> tuple[float, float]:
    """Median seconds of each, after one round that does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for place, run in enumerate((first, second)):
            start = time.perf_counter()
            run()
            seconds[place].append(time.perf_counter() - start)
    return statistics.median(seconds[0][1:]), statistics.median(seconds[1][1:])


def _write_filter(path: Path, width: int, blocks: int) -> None:
    """A filter with the weights that training starts from: time does not depend on them."""
    method = Cut(FitConfig(width=width, blocks=blocks), torch.device("cpu"))
    checkpoint = Checkpoint.of(
        method, method.config, images_seen=0, sample=torch.zeros(1, 3, 64, 64), data_fingerprint=""
    )
    export_filter(checkpoint, path, identifier="bench")


if __name__ == "__main__":
    sys.exit(main())
