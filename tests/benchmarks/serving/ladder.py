"""Pictures of growing size through the real server, each through a fresh one whose memory the system limits."""

from __future__ import annotations

import statistics
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from pleinair.v1 import translation_pb2

from server.client.translations import Client, TranslationError
from tests.benchmarks.core_seconds import core_seconds
from tests.benchmarks.serving.memory import peak_memory
from tests.benchmarks.serving.network import picture
from tests.benchmarks.serving.peers.with_server import server_options
from tests.benchmarks.serving.setting import IDENTIFIER, Setting
from tests.processes import ProgramFailed, ServerProcess, serving

MEGAPIXEL = 1 << 20
_LONG = 60.0  # seconds; what takes longer is run once
_ROUNDS = 3
_WARM_UP = 256


@dataclass
class Rung:
    """One size. ``declared_memory`` and ``pieces`` are what the server's summary says; ``memory`` is what its process
    took at most, in bytes, and ``core_seconds`` what all its threads computed for one picture. ``limit`` says what the
    server was limited to, and ``problem`` why there is no time."""

    side: int
    seconds: float | None = None
    core_seconds: float | None = None
    memory: int | None = None
    declared_memory: int | None = None
    pieces: int | None = None
    limit: str = ""
    problem: str | None = None

    @property
    def megapixels(self) -> float:
        return self.side**2 / MEGAPIXEL


@dataclass(frozen=True)
class Limit:
    """``memory`` is what the server may take for pictures, as it takes the option. The system gives its process
    ``most`` bytes of ``what``, one of LIMITS."""

    memory: str
    what: str
    most: int

    def __str__(self) -> str:
        return f"{self.most / (1 << 30):g} GiB of {self.what} (rlimit), with --memory {self.memory}"


def climb(setting: Setting, side: int, limit: Limit) -> Rung:
    """One picture of ``side`` x ``side`` pixels through a fresh server."""
    rung, pixels = Rung(side, limit=str(limit)), picture(side)
    try:
        with _limited(setting, limit) as server, Client(server.address) as client:
            client.translate(IDENTIFIER, picture(_WARM_UP))  # what is done only once is no part of a picture's time
            before = core_seconds(server.process.pid)
            seconds, summary = _time(client, pixels)
            after = core_seconds(server.process.pid)
            rung.seconds = statistics.median(seconds)
            if before is not None and after is not None:
                rung.core_seconds = (after - before) / len(seconds)
            rung.memory = peak_memory(server.process.pid)
            rung.pieces, rung.declared_memory = summary.pieces, summary.peak_memory_bytes
    except (TranslationError, ProgramFailed) as error:
        rung.problem = str(error)
    return rung


def _limited(setting: Setting, limit: Limit) -> AbstractContextManager[ServerProcess]:
    options = [*server_options(setting), "--memory", limit.memory]
    program = ["-m", "tests.benchmarks.serving.limited", limit.what, str(limit.most)]
    return serving(setting.filter_path.parent, *options, program=program)


def _time(client: Client, pixels: np.ndarray) -> tuple[list[float], translation_pb2.Summary]:
    """Of three runs, of fewer when one takes more than a minute."""
    seconds: list[float] = []
    while len(seconds) < _ROUNDS and not (seconds and seconds[-1] > _LONG):
        start = time.perf_counter()
        _, summary = client.translate(IDENTIFIER, pixels)
        seconds.append(time.perf_counter() - start)
    return seconds, summary
