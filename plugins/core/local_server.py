"""A server on the artist's own machine, started with the Python that the settings name."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from ..client import Client, ClientError, Endpoint
from .texts import _, told

KEPT_LINES = 500
DRAIN_SECONDS, STOP_SECONDS = 3.0, 5.0
_PROBE_SECONDS = 60.0
_STARTED = re.compile(r"Pleinair \S+ serves ")
_PROBE = "import server.app, onnxruntime"
# Runs the server, which ends when its standard input is closed, so that it does not outlive an editor that crashes. A
# byte on the standard input lets it run on by itself.
_RUN = """
import os, runpy, signal, threading
def watch():
    if not os.read(0, 1):
        os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module("server", run_name="__main__", alter_sys=True)
"""


class LocalServer:
    """Runs at most one server process. ``problem``, a sentence and a remedy, says why it did not start or has ended.

    May be used from any thread. ``started`` is set once the server serves, ``ended`` once it no longer does or could
    not start. The server ends with this process, however that ends, unless ``let_go`` was called.
    """

    def __init__(self, python: str, filters_folder: str, address: str) -> None:
        self._python = python
        self._filters_folder = filters_folder
        self._address = address
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
        """Starts the server and returns at once; ``started`` or ``ended`` is set later."""
        self.problem = self._what_is_missing()
        if self.problem:
            self.ended.set()
            return
        options = ["--filters", str(Path(self._filters_folder).absolute()), "--address", self._address]
        try:
            self._process = _popen([self._python, "-u", "-c", _RUN, *options])
        except OSError as error:
            self.problem = self._no_python(error.strerror or str(error))
            self.ended.set()
            return
        threading.Thread(target=self._read, name="pleinair-server-log", daemon=True).start()

    def log_tail(self, lines: int) -> str:
        return "\n".join(tuple(self._log)[-lines:])

    def stop(self) -> None:
        """Lets the server finish for a few seconds, then kills it. Blocks: on the interface thread, only at its end."""
        if self._process is None:
            return
        self._stopping = True
        for seconds in (DRAIN_SECONDS, STOP_SECONDS):  # the second request makes it stop at once
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return
        _kill(self._process)
        self._process.wait()

    def let_go(self) -> None:
        """Lets the server run on when this process ends."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # the server has ended
                self._process.stdin.write(".")
                self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self._process:  # closes its pipes at the end
            for line in self._process.stdout:
                self._log.append(line.rstrip())
                if _STARTED.match(line):
                    self.started.set()
        status = self._process.wait()
        if not self._stopping:
            self.problem = self._why_it_ended(status)
        self.ended.set()

    def _what_is_missing(self) -> tuple[str, str] | None:
        if not self._python:
            return (
                _("Pleinair does not know which Python its server is installed in."),
                _("Enter that interpreter in the settings, such as /home/me/pleinair/.venv/bin/python."),
            )
        if not self._filters_folder or not Path(self._filters_folder).is_dir():
            return (
                _("There is no folder of filters “{folder}”.").format(folder=self._filters_folder),
                _("Choose the folder that holds your filters in the settings."),
            )
        return self._whats_wrong_with_the_address()

    def _whats_wrong_with_the_address(self) -> tuple[str, str] | None:
        """Refuses addresses that others can reach, since this server has neither a token nor encryption."""
        try:
            local = Endpoint(self._address).is_loopback
        except ClientError as error:
            return told(error)
        if local:
            return None
        return (
            _("{address} is not an address that only this computer can reach.").format(address=self._address),
            _("Enter 127.0.0.1:50051 in the settings, or start a server for other computers by hand."),
        )

    def _why_it_ended(self, status: int) -> tuple[str, str]:
        if not self.started.is_set():
            if _answers(self._address):
                return (
                    _("A Pleinair server is already running at {address}.").format(address=self._address),
                    _("Use that one, or choose another port in the settings."),
                )
            if not check_python(self._python):
                return (
                    _("{python} does not have Pleinair's server.").format(python=self._python),
                    _("Choose the Python of the environment in which you installed Pleinair."),
                )
        said = next((line for line in reversed(self._log) if line.startswith("error: ")), "")
        if said:
            return said[len("error: ") :], ""
        return (
            _("The server ended with status {status}.").format(status=status),
            _("See its log; start it again once the cause is fixed."),
        )

    def _no_python(self, why: str) -> tuple[str, str]:
        return (
            _("{python} cannot be started ({why}).").format(python=self._python, why=why),
            _("Enter another interpreter in the settings."),
        )


def check_python(python: str) -> bool:
    """Returns whether this interpreter can import the server and ONNX Runtime. Takes a second or two."""
    try:
        with _popen([python, "-c", _PROBE]) as probe:
            try:
                probe.communicate(timeout=_PROBE_SECONDS)
            except subprocess.TimeoutExpired:
                _kill(probe)
            return probe.wait() == 0
    except OSError:
        return False


def _answers(address: str) -> bool:
    try:
        with Client(Endpoint(address)) as client:
            return client.health()
    except ClientError:
        return False


def _popen(command: list[str]) -> subprocess.Popen[str]:
    """Starts a process, its errors on its output, without a window on Windows, out of reach of a terminal's Ctrl+C."""
    return subprocess.Popen(
        command,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _environment() -> dict[str, str]:
    """Returns the environment without the editor's own Python and an AppImage's libraries. Modules come from the
    chosen Python only, never from the editor's current folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if "APPDIR" in environment:
        environment.pop("LD_LIBRARY_PATH", None)
    return {**environment, "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}


def _kill(process: subprocess.Popen[str]) -> None:
    """Kills the process, and except on Windows also what it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
