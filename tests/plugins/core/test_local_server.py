"""A real server process, started and stopped as the editors do it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from plugins.client import Client, Endpoint
from plugins.core.local_server import LocalServer, check_python
from tests import factories

SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    factories.put(tmp_path, factories.identity())
    return tmp_path


def free_address() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def problem(python: str, folder: str, address: str = "127.0.0.1:0") -> tuple[str, str]:
    server = LocalServer(python, folder, address)
    server.start()
    assert server.ended.wait(SECONDS)
    assert not server.running
    assert server.problem is not None
    return server.problem


def test_it_serves_until_it_is_stopped(folder: Path) -> None:
    address = free_address()
    server = LocalServer(sys.executable, str(folder), address)
    server.start()
    assert server.started.wait(SECONDS)
    with Client(Endpoint(address)) as client:
        assert [found.id for found in client.list_filters().filters] == ["identity"]
    assert f"serves 1 filter (identity) on {address}" in server.log_tail(20)
    server.stop()
    assert server.ended.wait(SECONDS)
    assert not server.running
    assert server.problem is None


def test_a_server_that_dies_says_so(folder: Path) -> None:
    server = LocalServer(sys.executable, str(folder), free_address())
    server.start()
    assert server.started.wait(SECONDS)
    assert server._process is not None
    server._process.kill()
    assert server.ended.wait(SECONDS)
    assert server.problem == (
        "The server ended with status -9.",
        "Its log says more; start it again when the cause is gone.",
    )


def test_a_port_in_use_is_told_in_the_servers_own_words(folder: Path) -> None:
    with factories.running_server(folder) as running:
        sentence, _ = problem(sys.executable, str(folder), running.address)
    assert sentence.startswith(f"It is not possible to listen on {running.address}: the port is in use")


def test_a_python_without_the_server_is_told_what_to_install(folder: Path) -> None:
    bare = str(Path(sys.base_prefix) / "bin" / "python3")
    assert not check_python(bare)
    sentence, remedy = problem(bare, str(folder))
    assert sentence == f"{bare} does not have Pleinair's server."
    assert remedy == f"Install it there with: {bare} -m pip install pleinair"


def test_a_python_that_is_none_is_named(folder: Path) -> None:
    assert not check_python("/nowhere/python")
    assert (
        problem("/nowhere/python", str(folder))[0] == "/nowhere/python cannot be started (No such file or directory)."
    )


def test_what_was_not_chosen_is_asked_for(folder: Path) -> None:
    assert problem("", str(folder))[0] == "It is not known which Python has Pleinair's server."
    assert problem(sys.executable, "")[0] == "There is no folder of filters “”."
    assert problem(sys.executable, "/nowhere")[0] == "There is no folder of filters “/nowhere”."


def test_the_right_python_is_recognised() -> None:
    assert check_python(sys.executable)
