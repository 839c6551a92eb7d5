"""The local server that a keeper runs. The windows watch and stop it through files, since it outlives them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ..core.settings import Settings
from . import keeper

_STALE_SECONDS = 10.0
_PACKAGE = __name__.rpartition(".")[0]
_ROOT = Path(__file__).resolve().parents[len(_PACKAGE.split("."))]


@dataclass(frozen=True)
class State:
    """A server's state. ``problem``, a sentence and a remedy, is why it did not start or has ended by itself."""

    running: bool = False
    serving: bool = False
    address: str = ""
    problem: tuple[str, str] | None = None


class KeptServer:
    """Starts and stops one server at most; ``folder`` is its keeper's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: Settings) -> None:
        """Starts the server and returns at once. Raises OSError when the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (keeper.STATE, keeper.STOP, keeper.LOG):
            self._remove(name)
        # The plug-in's parent is GIMP itself.
        editor = [str(os.getppid())] if settings.stop_local_server else []
        choices = [settings.python, settings.filters_folder, settings.address]
        command = [sys.executable, "-m", f"{_PACKAGE}.keeper", str(self._folder), *choices, *editor]
        self._process = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def stop(self) -> None:
        """Asks the server to stop; ``state`` tells when it has."""
        with contextlib.suppress(OSError):
            (self._folder / keeper.STOP).touch()

    def state(self) -> State:
        try:
            told = json.loads((self._folder / keeper.STATE).read_text("utf-8"))
            problem = told["problem"]
            running = bool(told["running"]) and time.time() - told["beat"] < _STALE_SECONDS
            return State(running, running and told["serving"], told["address"], tuple(problem) if problem else None)
        except (OSError, ValueError, KeyError, TypeError):
            return State(running=self._starting)

    def log(self) -> str:
        try:
            return (self._folder / keeper.LOG).read_text("utf-8")
        except OSError:
            return ""

    @property
    def _starting(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._folder / name).unlink()
