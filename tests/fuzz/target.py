"""The server that gets the nonsense: a process of its own, watched from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np
from pleinair.v1 import training_pb2

from tests import factories
from tests.contract.connection import SECONDS, Connection
from tests.fuzz.holding import Broken, check_log_line
from tests.processes import ServerProcess, serving
from tests.promises.usage import usage

OPTIONS = (
    *("--provider", "cpu", "--threads", "1", "--poll", "0.1", "--memory", "256MiB", "--max-pixels", "1000000"),
    *("--training-queue", "3"),
)
_MORE_RESIDENT = 300 << 20
_MORE_DESCRIPTORS = 40
_MORE_THREADS = 60
_PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


@dataclass
class Target:
    """A server, a channel to it, and what it took of the machine at first. ``training_id`` is of the latest training
    that happened to be started."""

    server: ServerProcess
    connection: Connection
    log: Path
    training_id: str = "nope"
    _read: int = 0
    _lines: int = 0
    _first: tuple[int, int, int] = field(default=(0, 0, 0))

    @property
    def address(self) -> str:
        return self.server.address

    @property
    def places(self) -> tuple[Path, ...]:
        """Folders that no caller may read of."""
        return (self.server.folder,)

    def usage(self) -> tuple[int, int, int]:
        """Bytes that are resident, descriptors and threads."""
        now = usage(self.server.process.pid)
        return now.resident, now.descriptors, now.threads

    def check(self) -> None:
        """Raises Broken unless the server is up, does what it is for, is no fuller than before and logged decently."""
        self.check_up()
        self._clear_trainings()
        self._check_usage()
        self.check_log()

    def check_up(self) -> None:
        """Raises Broken unless a good request is answered rightly."""
        if not self.is_up:
            raise Broken(f"The server ended with status {self.server.process.returncode}.")
        try:
            answer = self.connection.translate("identity", _PIXELS)
        except grpc.RpcError as error:
            raise Broken(f"A good request between was refused: {error}") from error
        if not np.array_equal(answer, _PIXELS):
            raise Broken("A good request between was answered with other pixels.")

    def check_log(self) -> None:
        """Reads what was logged since the last time."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        lines = new.decode("utf-8", "replace").split("\n")
        self._lines += len(lines) - 1
        for line in lines:
            check_log_line(line)

    @property
    def is_up(self) -> bool:
        return self.server.process.poll() is None

    def __str__(self) -> str:
        resident, descriptors, threads = self.usage()
        return f"{resident >> 20} MiB, {descriptors} descriptors, {threads} threads, {self._lines} lines of log"

    def _check_usage(self) -> None:
        now = self.usage()
        if self._first == (0, 0, 0):
            self._first = now
        limits = (_MORE_RESIDENT, _MORE_DESCRIPTORS, _MORE_THREADS)
        for what, first, last, more in zip(("bytes", "descriptors", "threads"), self._first, now, limits, strict=True):
            if last > first + more:
                raise Broken(f"The server has {last:,} {what}, and had {first:,}.")

    def _clear_trainings(self) -> None:
        """Nonsense may happen to ask for a training; it ends here."""
        training = self.connection.training
        try:
            jobs = training.ListTrainings(training_pb2.ListTrainingsRequest(page_size=200), timeout=SECONDS).jobs
            for job in jobs:
                training.CancelTraining(training_pb2.CancelTrainingRequest(id=job.id), timeout=SECONDS)
        except grpc.RpcError:  # a server without a trainer has none
            return


@contextmanager
def targeted(folder: Path, *options: str) -> Iterator[Target]:
    """A server with a few small filters in a new folder below ``folder``, and its log beside that."""
    filters, log = folder / "filters", folder / "log"
    filters.mkdir()
    for made in (factories.identity(), factories.inverting(), factories.normalising(), factories.failing()):
        factories.put(filters, made)
    with (
        log.open("wb") as errors,
        serving(filters, *OPTIONS, *options, log=errors.fileno()) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        target = Target(server, Connection(channel, filters), log)
        target.check()
        yield target
