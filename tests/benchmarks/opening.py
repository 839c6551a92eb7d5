"""What opening a folder of filters costs: ``python -m tests.benchmarks.opening``.

A folder of CycleGAN's kind of networks is opened as a server does, for the first time and once more, against a bare
onnxruntime session for each that is run once on a picture of 16 x 16. Each way is a process of its own, in turns; the
medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from server.engine.backend import open_backend
from server.engine.provider import Provider
from server.filters.scanner import FolderScanner
from server.filters.verdicts import Verdicts
from tests.server.engine.tiled.drafts import INPUT
from tests.server.filters.networks import residual, sidecar

FIRST, AGAIN, BARE = "first time", "once more", "bare sessions"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.opening", description="Opening filters.")
    parser.add_argument("--filters", type=int, default=60, help="how many filters (default: 60)")
    parser.add_argument("--channels", type=int, default=128, help="channels of their layers (default: 128)")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds (default: 3)")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        print(*_measured(lambda: WAYS[options.way](options.folder)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        _write_filters(Path(folder), options.filters, options.channels)
        measured = {way: [_in_process(way, folder) for _ in range(options.rounds)] for way in WAYS}
    print(f"{'':>14} {'core seconds':>12} {'seconds':>8}   / bare sessions")
    medians = {way: [statistics.median(one) for one in zip(*rounds, strict=True)] for way, rounds in measured.items()}
    for way, (core, wall) in medians.items():
        print(f"{way:>14} {core:>12.2f} {wall:>8.2f}   {core / medians[BARE][0]:.2f}, {wall / medians[BARE][1]:.2f}")
    return 0


def _write_filters(folder: Path, count: int, channels: int) -> None:
    """The same network under many names; their titles differ, and so what is remembered of them."""
    model = residual(2, channels=channels, blocks=9)
    for number in range(count):
        name = f"filter{number}"
        (folder / f"{name}.onnx").write_bytes(model)
        (folder / f"{name}.toml").write_text(sidecar(4, f'title = "{name}"'))


def _in_process(way: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.opening", "--way", way, "--folder", folder]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(answer[0]), float(answer[1])


def _measured(work: Callable[[], None]) -> tuple[float, float]:
    core, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - core, time.perf_counter() - wall


def _bare(folder: Path) -> None:
    sessions = []
    for path in sorted(folder.glob("*.onnx")):
        sessions.append(onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"]))
        sessions[-1].run(None, {INPUT: np.zeros((1, 3, 16, 16), np.float32)})


def _first(folder: Path) -> None:
    for verdict in (folder / "verdicts").glob("*.json"):
        verdict.unlink()
    _again(folder)


def _again(folder: Path) -> None:
    found = FolderScanner(folder, open_backend(Provider.CPU), Verdicts(folder / "verdicts")).load()
    assert found.filters and not found.rejected


WAYS: dict[str, Callable[[Path], None]] = {BARE: _bare, FIRST: _first, AGAIN: _again}


if __name__ == "__main__":
    sys.exit(main())
