"""Keeps a local server while GIMP runs: ``python -m PACKAGE.gimp.keeper FOLDER PYTHON FILTERS ADDRESS [EDITOR]``.

GIMP ends a plug-in's process with its window, so the server belongs to this process instead. It writes its state and
its log to ``FOLDER``, and stops when the file ``stop`` appears there. If ``EDITOR``, a process number, is given, it
ends with that process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ..core.local_server import LocalServer

STATE, LOG, STOP = "state.json", "log.txt", "stop"
BEAT_SECONDS = 0.5
_LOG_LINES = 200


def main() -> None:
    folder, python, filters, address, *editor = sys.argv[1:]
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *ignored: asked.set())
    keep(Path(folder), LocalServer(python, filters, address), address, int(editor[0]) if editor else None, asked)


def keep(folder: Path, server: LocalServer, address: str, editor: int | None, asked: threading.Event) -> None:
    """Runs the server until it ends, ``folder`` has a file STOP, ``asked`` is set or the process ``editor`` is gone."""
    server.start()
    while not server.ended.is_set():
        _tell(folder, server, address)
        gone = editor is not None and not alive(editor)
        if gone or (folder / STOP).exists() or asked.wait(BEAT_SECONDS):
            server.stop()
            break
    server.ended.wait(BEAT_SECONDS)
    _tell(folder, server, address)


def alive(process: int) -> bool:
    """Returns whether a process with this number is running."""
    if sys.platform == "win32":
        return _alive_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tell(folder: Path, server: LocalServer, address: str) -> None:
    state: dict[str, Any] = {
        "address": address,
        "running": server.running,
        "serving": server.running and server.started.is_set(),
        "problem": server.problem,
        "beat": time.time(),
    }
    _write(folder / LOG, server.log_tail(_LOG_LINES))
    _write(folder / STATE, json.dumps(state))


def _write(path: Path, text: str) -> None:
    """Writes a file beside and renames it. Ignores errors, so that a full disk does not end the server."""
    beside = path.with_name(f".{path.name}.tmp")
    with contextlib.suppress(OSError):
        beside.write_text(text, "utf-8")
        beside.replace(path)


def _alive_on_windows(process: int) -> bool:
    import ctypes

    synchronise, timed_out = 0x00100000, 0x00000102
    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(synchronise, False, process)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel.CloseHandle(handle)


if __name__ == "__main__":
    main()
