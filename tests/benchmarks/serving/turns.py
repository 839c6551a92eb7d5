"""Peers in turns over one picture: A B C, A B C, ..., and what came of it."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.benchmarks.serving.network import write_picture
from tests.benchmarks.serving.peer_process import PeerProcess, Turn
from tests.benchmarks.serving.peers import EAGER, MATMULS
from tests.benchmarks.serving.peers.base import Unavailable
from tests.benchmarks.serving.setting import Setting

_PRODUCTS = 5  # a turn: they are short, and the fastest counts
_REST = 0.1  # seconds between turns, for the last one's threads to fall asleep


@dataclass
class Result:
    """What one peer did with one picture of ``side`` x ``side`` pixels.

    Differences are from PyTorch's eager answer, in 8-bit levels. ``problem`` says why a peer was not measured.
    """

    name: str
    side: int
    turns: list[Turn] = field(default_factory=list)
    memory: int | None = None
    largest_difference: int | None = None
    mean_difference: float | None = None
    problem: str | None = None

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(turn.seconds for turn in self.turns)

    @property
    def fastest(self) -> float:
        """Seconds."""
        return min(turn.seconds for turn in self.turns)

    @property
    def core_seconds(self) -> float | None:
        """The median; None where the system does not tell."""
        told = [turn.core_seconds for turn in self.turns if turn.core_seconds is not None]
        return statistics.median(told) if told else None

    @property
    def measured(self) -> bool:
        return self.problem is None


def measure(names: Sequence[str], setting: Setting, *, side: int, rounds: int, alone: bool) -> list[Result]:
    """All peers, each in a process of its own, over ``rounds`` rounds after one that does not count.

    ``alone``: one process after the other, each with all its rounds, for sizes at which they do not fit together.
    """
    groups = [[name] for name in names] if alone else [list(names)]
    with tempfile.TemporaryDirectory() as folder:
        write_picture(Path(folder) / "picture.npy", side)
        results = [result for group in groups for result in _take_turns(group, setting, Path(folder), side, rounds)]
        _compare(results, Path(folder))
    return results


def _take_turns(names: Sequence[str], setting: Setting, folder: Path, side: int, rounds: int) -> list[Result]:
    results = {name: Result(name, side) for name in names}
    with contextlib.ExitStack() as processes:
        peers = [processes.enter_context(PeerProcess(name, setting)) for name in names]
        for peer in peers:
            with _noting(results[peer.name]):
                peer.wait_until_ready()
                peer.load(folder / "picture.npy")
        for count in range(rounds + 1):
            for peer in peers:
                if results[peer.name].measured:
                    with _noting(results[peer.name]):
                        turns = _turn(peer)
                        results[peer.name].turns += turns if count else []
        for peer in peers:
            if results[peer.name].measured:
                with _noting(results[peer.name]):
                    peer.save(folder / f"{peer.name}.npy")
                    results[peer.name].memory = peer.peak_memory()
    return list(results.values())


def _turn(peer: PeerProcess) -> list[Turn]:
    time.sleep(_REST)
    return [peer.run() for _ in range(_PRODUCTS if peer.name in MATMULS else 1)]


@contextlib.contextmanager
def _noting(result: Result) -> Iterator[None]:
    try:
        yield
    except Unavailable as reason:
        result.problem = str(reason)


def _compare(results: Sequence[Result], folder: Path) -> None:
    """Fills in the differences where PyTorch has answered."""
    answers = {result.name: folder / f"{result.name}.npy" for result in results if result.measured}
    if EAGER not in answers:
        return
    expected = np.load(answers[EAGER]).astype(np.int16)
    for result in results:
        if result.name in answers and result.name not in (EAGER, *MATMULS):
            differences = np.abs(np.load(answers[result.name]) - expected)
            result.largest_difference = int(differences.max())
            result.mean_difference = float(differences.mean())
