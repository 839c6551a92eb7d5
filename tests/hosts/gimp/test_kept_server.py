"""The local server that outlives the plug-in's processes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugins.core.settings import Settings
from plugins.gimp.kept_server import KeptServer, State
from tests import factories


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    folder = tmp_path / "filters"
    folder.mkdir()
    factories.put(folder, factories.identity())
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptServer]:
    server = KeptServer(tmp_path / "server")
    yield server
    server.stop()
    keeper = server._process
    assert keeper
    keeper.wait(timeout=30)


def choices(filters: Path, **others: object) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return Settings(python=sys.executable, filters_folder=str(filters), address=address, **others)  # type: ignore[arg-type]


def until(server: KeptServer, wanted: Callable[[State], bool]) -> State:
    end = time.monotonic() + 60
    while not wanted(state := server.state()):
        assert time.monotonic() < end, state
        time.sleep(0.05)
    return state


def test_server_is_seen_from_another_window_and_stopped_there(kept: KeptServer, filters: Path, tmp_path: Path) -> None:
    settings = choices(filters)
    kept.start(settings)
    assert until(kept, lambda state: state.serving).address == settings.address
    other = KeptServer(tmp_path / "server")
    assert other.state().serving and settings.address in other.log()
    other.stop()
    until(kept, lambda state: not state.running)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(settings.address.rpartition(":")[2])), 5)


def test_what_keeps_it_from_starting_is_said(kept: KeptServer, tmp_path: Path) -> None:
    kept.start(choices(tmp_path / "nowhere"))
    state = until(kept, lambda state: state.problem is not None)
    assert state.problem and "nowhere" in state.problem[0]


def test_server_ends_with_the_editor_when_asked(filters: Path, tmp_path: Path) -> None:
    """The editor is played by a process that starts the server as the plug-in does, and ends."""
    settings = choices(filters, stop_local_server=True)
    editor = subprocess.Popen([sys.executable, "-c", _EDITOR, str(tmp_path / "server"), repr(settings.__dict__)])
    server = KeptServer(tmp_path / "server")
    until(server, lambda state: state.serving)
    editor.kill()
    editor.wait(timeout=20)
    until(server, lambda state: not state.running)


# GIMP, and its plug-in, which is a child of it.
_EDITOR = """
import subprocess, sys
plugin = "import ast, sys; from pathlib import Path; from plugins.core.settings import Settings;" \\
    "from plugins.gimp.kept_server import KeptServer;" \\
    "KeptServer(Path(sys.argv[1])).start(Settings(**ast.literal_eval(sys.argv[2])))"
subprocess.run([sys.executable, "-c", plugin, *sys.argv[1:]], check=True)
input() if sys.stdin.isatty() else __import__("time").sleep(120)
"""
