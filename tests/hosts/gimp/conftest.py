"""One console for all tests, and the pictures that they make in it; a GIMP on a screen for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.editors import Editors
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import Bench
from tests.hosts.gimp.remote import Gimp, running, settle
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
def bench(console: Gimp) -> Bench:
    return Bench(console)


@pytest.fixture(scope="module")
def desk(editors: Editors, gimp_zip: Path, server: ServerProcess) -> Iterator[Desk]:
    with editors.profile() as profile, editors.display(profile) as screen:
        editors.install_gimp(gimp_zip, profile)
        settle(profile, address=server.address)
        with running(editors, profile, screen=screen) as gimp:
            yield Desk(gimp, screen)
