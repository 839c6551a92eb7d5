from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.factories import TINY_ARGUMENTS, two_folders
from training import fit


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny FastCUT run of 6 images that was trained to its end. Do not change it."""
    root = tmp_path_factory.mktemp("finished")
    arguments = ["--preset", "fastcut", *two_folders(root), *TINY_ARGUMENTS, "--output", str(root / "My Run")]
    assert fit.main([*arguments, "--images", "6", "--title", "Étretat", "--device", "cpu"]) == 0
    return root / "My Run"


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache of who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Here and in the processes started from here: with networks so small, threads only wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)
