"""What a call costs beside another version of the server: ``python -m tests.benchmarks.versions CHECKOUT``.

Both serve the same filters, each in a process of its own, and are called in turns: a picture of one megapixel and one
of 256 x 256 through a generator, one of 256 x 256 that is only inverted, and the list of filters while ten readers do
not read their results. The servers' core seconds are compared, for the list the callers' seconds; all are medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import grpc
import numpy as np
from pleinair.v1.filters_pb2 import ListFiltersRequest

from tests import factories
from tests.benchmarks.core_seconds import core_seconds
from tests.contract.connection import Connection, chunks_of, frame_of
from tests.processes import START_LINE
from tests.promises.by_hand import call_by_hand
from tests.server.filters.networks import residual, sidecar

READERS = 10
TRANSLATE = "/pleinair.v1.TranslationService/Translate"
OURS = Path(__file__).parents[2]


class Served:
    """One version's server: its process, and a connection to it."""

    def __init__(self, process: subprocess.Popen[str], address: str, channel: grpc.Channel) -> None:
        self.process = process
        self.address = address
        self.connection = Connection(channel, Path())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.versions", description="Two versions.")
    parser.add_argument("other", type=Path, help="a checkout of another version")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default: 7)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        _write_filters(Path(folder))
        versions = [stack.enter_context(_served(place, Path(folder))) for place in (OURS, options.other)]
        print(f"{'':>24} {'this':>10} {'other':>10} {'ratio':>6}")
        for name, calls, call in (
            ("1024 x 1024", 1, _translation("generator", 1024)),
            ("256 x 256", 4, _translation("generator", 256)),
            ("256 x 256, inverted", 100, _translation("inverting", 256)),
        ):
            _row(name, versions, options.rounds, partial(_core_seconds, calls=calls, call=call))
        for one in versions:
            stack.enter_context(_stalled_readers(one.address))
        _row("the list, in seconds", versions, options.rounds, _list_seconds)
    return 0


def _row(name: str, versions: list[Served], rounds: int, measure: Callable[[Served], float]) -> None:
    """In turns, after a round that does not count, each version first every other time."""
    figures: list[list[float]] = [[], []]
    for number in range(rounds + 1):
        for which in (0, 1) if number % 2 else (1, 0):
            figures[which].append(measure(versions[which]))
    ours, theirs = (statistics.median(each[1:]) for each in figures)
    print(f"{name:>24} {ours:>10.5f} {theirs:>10.5f} {ours / theirs:>6.3f}", flush=True)


def _core_seconds(served: Served, *, calls: int, call: Callable[[Connection], object]) -> float:
    """Of the server, for each of ``calls``."""
    before = core_seconds(served.process.pid) or 0.0
    for _ in range(calls):
        call(served.connection)
    return ((core_seconds(served.process.pid) or 0.0) - before) / calls


def _translation(filter_id: str, side: int) -> Callable[[Connection], object]:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    frames = [frame_of(filter_id, pixels), *chunks_of(pixels)]
    return lambda connection: connection.send(frames, timeout=600)


def _list_seconds(served: Served) -> float:
    """The median of a hundred."""
    seconds = []
    for _ in range(100):
        began = time.perf_counter()
        served.connection.filters.ListFilters(ListFiltersRequest(), timeout=30)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _write_filters(folder: Path) -> None:
    factories.put(folder, factories.inverting())
    (folder / "generator.onnx").write_bytes(residual(2, channels=48, blocks=9))
    (folder / "generator.toml").write_text(sidecar(4, 'title = "Generator"'))


@contextmanager
def _served(checkout: Path, filters: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "server", "--filters", str(filters), "--address", "127.0.0.1:0", "--threads", "1"]
    paths = os.pathsep.join([str(checkout), str(checkout / "protos")])
    process = subprocess.Popen(
        [*command, "--provider", "cpu", "--training", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": paths},
    )
    try:
        assert process.stdout is not None
        found = START_LINE.search(process.stdout.readline())
        assert found is not None
        with grpc.insecure_channel(found[1]) as channel:
            yield Served(process, found[1], channel)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _stalled_readers(address: str) -> Iterator[None]:
    """Readers of several hosts that send a picture each and read nothing of the result."""
    pixels = np.zeros((1024, 1024, 3), np.uint8)
    with ExitStack() as stack:
        for number in range(READERS):
            call = stack.enter_context(call_by_hand(address, TRANSLATE, source=f"127.0.0.{2 + number}"))
            call.send(frame_of("inverting", pixels), *chunks_of(pixels, 1 << 16), close=True)
        yield


if __name__ == "__main__":
    sys.exit(main())
