"""One console for all tests, and the pictures that they make in it; a GIMP on a screen for each file of tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.editors import Editors
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import Bench
from tests.hosts.gimp.remote import Gimp, running, settle
from tests.hosts.screen import open_screen
from tests.processes import ServerProcess


@pytest.fixture(scope="session")
def console(editors: Editors, gimp_zip: Path, server: ServerProcess) -> Iterator[Gimp]:
    """GIMP's console with the plug-in installed and its settings naming the server."""
    with editors.profile() as profile:
        editors.install_gimp(gimp_zip, profile)
        settle(profile, address=server.address)
        with running(editors, profile) as gimp:
            yield gimp


@pytest.fixture
def free_address() -> str:
    """Where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def bench(console: Gimp) -> Bench:
    return Bench(console)


@pytest.fixture(scope="module")
def gimp_on_screen(editors: Editors, gimp_zip: Path) -> Iterator[Desk]:
    with editors.profile() as profile, open_screen(editors, profile) as screen:
        editors.install_gimp(gimp_zip, profile)
        with running(editors, profile, screen=screen) as gimp:
            yield Desk(gimp, screen)


@pytest.fixture
def desk(gimp_on_screen: Desk, server: ServerProcess) -> Iterator[Desk]:
    """With settings that name the server and nothing else, whatever an earlier test chose, and no window left open."""
    settle(gimp_on_screen.gimp.profile, address=server.address)
    yield gimp_on_screen
    gimp_on_screen.clear()
