"""A peer as the benchmark sees it: a process that takes orders."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.serving.peers.base import Unavailable
from tests.benchmarks.serving.setting import Setting


@dataclass(frozen=True)
class Turn:
    """Seconds on the clock, and those that the computing process's threads had together; None where no one tells."""

    seconds: float
    core_seconds: float | None


class PeerProcess:
    """Runs until the block is left. Every order raises Unavailable when the peer cannot do it or has died."""

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        command = [sys.executable, "-m", "tests.benchmarks.serving.peer", name, setting.to_json()]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends by itself when its input does, and ends what it started."""
        try:
            self._process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise

    def wait_until_ready(self) -> None:
        self._answer()

    def load(self, picture: Path) -> None:
        """Gets it ready for the picture of a .npy file."""
        self._order("load", str(picture))

    def run(self) -> Turn:
        """What one run took for each time over the picture."""
        return Turn(**self._order("run"))

    def save(self, path: Path) -> None:
        """The last run's answer, as a picture in a .npy file."""
        self._order("save", str(path))

    def peak_memory(self) -> int | None:
        """Bytes of its computing process; None where the system does not tell."""
        answer: int | None = self._order("memory")["bytes"]
        return answer

    def _order(self, order: str, argument: str | None = None) -> dict[str, Any]:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has said why it ended, or its status does
            print(json.dumps({order: argument}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable(f"Its process ended with status {self._process.wait(60)}; what it said is above.")
        answer: dict[str, Any] = json.loads(line)
        if "unavailable" in answer:
            raise Unavailable(answer["unavailable"])
        return answer
