"""A real server process, started and stopped as the editors do it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from plugins.client import Client, ClientError, Endpoint, Progress
from plugins.client.messages import Channels, PixelFormat, SampleType, TranslateHeader
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


def header(filter_id: str, side: int) -> TranslateHeader:
    grey = PixelFormat(channels=Channels.GREY, sample_type=SampleType.UINT8)
    return TranslateHeader(filter_id=filter_id, width=side, height=side, pixel_format=grey)


def problem(python: str, folder: str, address: str = "") -> tuple[str, str]:
    server = LocalServer(python, folder, address or free_address())
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
        "See its log; start it again once the cause is fixed.",
    )


def test_a_server_that_runs_already_is_recognised(folder: Path) -> None:
    with factories.running_server(folder) as running:
        sentence, remedy = problem(sys.executable, str(folder), running.address)
    assert sentence == f"A Pleinair server is already running at {running.address}."
    assert remedy == "Use that one, or choose another port in the settings."


def test_a_port_in_use_by_another_program_is_told_in_the_servers_own_words(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        sentence, _ = problem(sys.executable, str(folder), address)
    assert sentence.startswith(f"The server cannot listen on {address}: the port is in use")


def test_only_this_computers_addresses_are_served(folder: Path) -> None:
    sentence, _ = problem(sys.executable, str(folder), "192.0.2.1:50051")
    assert sentence == "192.0.2.1:50051 is not an address that only this computer can reach."
    assert problem(sys.executable, str(folder), "studio")[0] == "“studio” is not an address."


EDITOR = """
import os, signal, sys
from plugins.core.local_server import LocalServer
server = LocalServer(sys.executable, *sys.argv[1:3])
server.start()
server.started.wait()
if sys.argv[3] == "let go":
    server.let_go()
print(server._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def crashed_editor(folder: Path, address: str, manner: str) -> int:
    """The process number of the server that the editor had started before it crashed."""
    command = [sys.executable, "-c", EDITOR, str(folder), address, manner]
    editor = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS)
    assert editor.returncode == -signal.SIGKILL
    return int(editor.stdout)


def wait_for_the_end(process: int) -> None:
    """Of one that is not our child."""
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        descriptor = os.pidfd_open(process)
        assert select.select([descriptor], [], [], SECONDS)[0]
        os.close(descriptor)


def test_no_server_is_left_behind_by_an_editor_that_crashes(folder: Path) -> None:
    address = free_address()
    wait_for_the_end(crashed_editor(folder, address, "kept"))
    with Client(Endpoint(address)) as client, pytest.raises(ClientError, match="No server answers"):
        client.health()


def test_a_server_that_was_let_go_outlives_its_editor(folder: Path) -> None:
    factories.put(folder, factories.failing())
    address = free_address()
    process = crashed_editor(folder, address, "let go")
    try:
        with Client(Endpoint(address)) as client:
            with pytest.raises(ClientError, match="The filter failed"):  # which is logged, where nobody reads
                client.translate(header("failing", 64), bytes(64 * 64))
            assert client.health()
    finally:
        os.kill(process, signal.SIGTERM)
        wait_for_the_end(process)


def test_a_busy_server_stops_all_the_same(folder: Path) -> None:
    factories.put(folder, factories.slow())
    server = LocalServer(sys.executable, str(folder), address := free_address())
    server.start()
    assert server.started.wait(SECONDS)
    side, translating, failures = 1024, threading.Event(), []

    def work() -> None:
        def see(progress: Progress) -> None:
            if progress.stage == "translating":
                translating.set()

        pixels = bytes(side * side)
        with Client(Endpoint(address)) as client:
            try:
                client.translate(header("slow", side), pixels, on_progress=see)
            except ClientError as error:
                failures.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    assert translating.wait(SECONDS)
    server.stop()
    worker.join(SECONDS)
    assert not server.running
    assert len(failures) == 1


def test_the_editors_own_python_settings_do_not_reach_the_server(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "server.py").write_text("raise SystemExit('not this one')")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    monkeypatch.setenv("PYTHONHOME", str(elsewhere))
    monkeypatch.chdir(elsewhere)
    assert check_python(sys.executable)


def test_a_python_without_the_server_is_told_what_to_install(folder: Path) -> None:
    bare = str(Path(sys.base_prefix) / "bin" / "python3")
    assert not check_python(bare)
    sentence, remedy = problem(bare, str(folder))
    assert sentence == f"{bare} does not have Pleinair's server."
    assert remedy == "Choose the Python of the environment in which you installed Pleinair."


def test_a_python_that_is_none_is_named(folder: Path) -> None:
    assert not check_python("/nowhere/python")
    assert (
        problem("/nowhere/python", str(folder))[0] == "/nowhere/python cannot be started (No such file or directory)."
    )


def test_what_was_not_chosen_is_asked_for(folder: Path) -> None:
    assert problem("", str(folder))[0] == "Pleinair does not know which Python its server is installed in."
    assert problem(sys.executable, "")[0] == "There is no folder of filters “”."
    assert problem(sys.executable, "/nowhere")[0] == "There is no folder of filters “/nowhere”."


def test_the_right_python_is_recognised() -> None:
    assert check_python(sys.executable)
