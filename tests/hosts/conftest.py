"""What the tests in the real editors share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins import bundle
from tests import factories
from tests.hosts.editors import Editors, NoEditors, Profile
from tests.processes import ServerProcess, python, serving
from training.data.synthetic import write_folders

FOLDER = Path(__file__).parent
_SMALL = ["--width", "8", "--blocks", "2", "--discriminator-width", "8", "--crop-size", "64", "--load-size", "64"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a host test."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.hosts)


@pytest.fixture(scope="session")
def editors() -> Editors:
    """The real editors. Without them the tests are skipped; where CI is set they fail."""
    try:
        return Editors.find()
    except NoEditors as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture
def profile(editors: Editors) -> Iterator[Profile]:
    """A fresh home for one test."""
    with editors.profile() as profile:
        yield profile


@pytest.fixture(scope="session")
def krita_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make plugins` builds it."""
    return bundle.build("krita", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def gimp_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make plugins` builds it."""
    return bundle.build("gimp", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server in a process of its own with identity, inverting and slow, for all tests that leave it as it is."""
    with serving(small_filters(tmp_path_factory.mktemp("filters"))) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """The same, for one test, which may stop it or change its folder."""
    with serving(small_filters(tmp_path)) as server:
        yield server


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with one small filter that has really been trained, on a few pictures."""
    folder = tmp_path_factory.mktemp("trained")
    write_folders(folder, pictures=4, size=64, seed=0)
    run = ["--output", str(folder / "run"), "--identifier", "small", "--images", "20", "--patches", "32"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # with a network so small, threads only wait for one another
        python("training.fit", "--preset", "fastcut", "--dataroot", str(folder), *run, *_SMALL)
    with serving(folder / "run") as server:
        yield server


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept to be looked at."""
    folder = FOLDER.parents[1] / "build/hosts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def small_filters(folder: Path) -> Path:
    for made in (
        factories.identity(thumbnail=factories.thumbnail()),
        factories.inverting(thumbnail=factories.thumbnail()),
        factories.slow(),
    ):
        factories.put(folder, made)
    return folder
