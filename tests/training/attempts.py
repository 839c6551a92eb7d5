"""Runs of ``training.fit`` in processes of their own that need not import PyTorch each: they are forked off one that
has."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from tqdm import tqdm

from training import fit

# What training and export import only when they come to it.
_IMPORTED_LATE = ["torch._dynamo", "torch.onnx._internal.exporter._core", "onnxscript"]


@dataclass
class Attempts:
    """``folder`` holds what each of them prints."""

    folder: Path
    processes: list[BaseProcess] = field(default_factory=list)

    def start(self, arguments: list[str]) -> BaseProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *_IMPORTED_LATE])
        process = context.Process(target=_fit, args=(arguments, self._log(len(self.processes))), daemon=True)
        process.start()
        self.processes.append(process)
        return process

    def finish(self, process: BaseProcess) -> None:
        """Waits for the good end of the latest one."""
        process.join(200)
        assert process.exitcode == 0, self.said()

    def said(self) -> str:
        """By the latest one, so far."""
        log = self._log(len(self.processes) - 1)
        return log.read_text() if log.exists() else ""

    def _log(self, number: int) -> Path:
        return self.folder / f"{number}.log"


def wait_until(condition: Callable[[], object], process: BaseProcess) -> None:
    """Or until the process has ended."""
    while process.is_alive() and not condition():
        time.sleep(0.002)


def _fit(arguments: list[str], log: Path) -> None:
    """In the child."""
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    tqdm.set_lock(threading.RLock())  # its own is a semaphore of the system's, which killed processes leave behind
    sys.exit(fit.main(arguments))
