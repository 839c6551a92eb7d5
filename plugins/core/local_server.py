"""A server on the artist's own machine, started from the environment that they chose once."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from pathlib import Path

from .texts import _

KEPT_LINES = 500
STOP_SECONDS = 10.0
_STARTED = " serves "
_PROBE = "import server, onnxruntime"


class LocalServer:
    """One server process at most. ``problem`` is why it did not start or has ended: a sentence and a remedy.

    May be used from any thread; ``started`` is set when it serves, and ``ended`` when it does not any more.
    """

    def __init__(self, python: str, filters_folder: str, address: str) -> None:
        self._command = [python, "-u", "-m", "server", "--filters", filters_folder, "--address", address]
        self._python = python
        self._filters_folder = filters_folder
        self._process: subprocess.Popen[str] | None = None
        self._log: deque[str] = deque(maxlen=KEPT_LINES)
        self._stopping = False
        self.problem: tuple[str, str] | None = None
        self.started = threading.Event()
        self.ended = threading.Event()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns at once: ``started`` or ``ended`` follows."""
        self.problem = self._what_is_missing()
        if self.problem:
            self.ended.set()
            return
        try:
            self._process = _popen(self._command)
        except OSError as error:
            self.problem = self._no_python(error.strerror or str(error))
            self.ended.set()
            return
        threading.Thread(target=self._read, name="pleinair-server-log", daemon=True).start()

    def log_tail(self, lines: int) -> str:
        return "\n".join(tuple(self._log)[-lines:])

    def stop(self) -> None:
        """Lets it end what it does, for a few seconds; then ends it."""
        if self._process is None:
            return
        self._stopping = True
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as log:
            for line in log:
                self._log.append(line.rstrip())
                if _STARTED in line:
                    self.started.set()
        status = self._process.wait()
        if not self._stopping:
            self.problem = self._why_it_ended(status)
        self.ended.set()

    def _what_is_missing(self) -> tuple[str, str] | None:
        if not self._python:
            return (
                _("It is not known which Python has Pleinair's server."),
                _("Name its interpreter in the settings, such as /home/me/pleinair/.venv/bin/python."),
            )
        if not self._filters_folder or not Path(self._filters_folder).is_dir():
            return (
                _("There is no folder of filters “{folder}”.").format(folder=self._filters_folder),
                _("Choose the folder that holds your filters in the settings."),
            )
        return None

    def _why_it_ended(self, status: int) -> tuple[str, str]:
        last = next((line for line in reversed(self._log) if line.startswith("error: ")), "")
        if last:
            return last[len("error: ") :], ""
        if not self.started.is_set() and not check_python(self._python):
            return (
                _("{python} does not have Pleinair's server.").format(python=self._python),
                _("Install it there with: {command}").format(command=f"{self._python} -m pip install pleinair"),
            )
        return (
            _("The server ended with status {status}.").format(status=status),
            _("Its log says more; start it again when the cause is gone."),
        )

    def _no_python(self, why: str) -> tuple[str, str]:
        return (
            _("{python} cannot be started ({why}).").format(python=self._python, why=why),
            _("Name another interpreter in the settings."),
        )


def check_python(python: str) -> bool:
    """Whether this interpreter can import the server and what it computes with. Takes a second or two."""
    try:
        with _popen([python, "-c", _PROBE]) as probe:
            probe.communicate(timeout=60)
            return probe.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _popen(command: list[str]) -> subprocess.Popen[str]:
    """Errors on the output, no window of its own on Windows, and none of the editor's own Python settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
