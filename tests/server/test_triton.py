"""The published Triton client, unchanged and in an environment of its own, with a server as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import factories
from tests.processes import serving

FOLDER_VARIABLE = "PLEINAIR_TRITON_CLIENT"
PROGRAM = Path(__file__).with_name("triton_client.py")
CHECKS = [
    "live_and_ready",
    "metadata",
    "floats",
    "bytes_in_compressed_messages",
    "the_output_that_is_asked_for",
    "a_batch",
    "many_at_once",
    "refusals_in_words",
    "deadlines",
]


@pytest.fixture(scope="module")
def client() -> Path:
    """The Python that has the client. Without it the tests are skipped; where CI is set they fail."""
    folder = os.environ.get(FOLDER_VARIABLE, "")
    python = Path(folder) / "bin/python"
    if folder and python.exists():
        return python
    reason = (
        "The Triton client is not there; make a folder of it with `.ci/triton FOLDER` and name that in"
        f" {FOLDER_VARIABLE}."
    )
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def outcomes(client: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Of each check, how it failed."""
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.normalising, factories.slow):
        factories.put(folder, maker())
    with serving(folder) as server:
        done = subprocess.run([client, PROGRAM, server.address], stdout=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0
    outcomes: dict[str, str | None] = json.loads(done.stdout)
    assert list(outcomes) == CHECKS
    return outcomes


@pytest.mark.parametrize("check", CHECKS)
def test_the_triton_client_is_served(outcomes: dict[str, str | None], check: str) -> None:
    assert outcomes[check] is None, outcomes[check]
