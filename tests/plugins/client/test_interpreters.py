"""The client in every Python that an editor may bring, with nothing but its standard library."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.client import server_fingerprint
from tests import factories
from tests.certificates import make_certificate

SELF_CHECK = Path(__file__).with_name("self_check.py")
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> Path | None:
    """Of pyenv's, or on the PATH; one that starts."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    on_path = [Path(found) for found in [shutil.which(f"python{version}")] if found]
    starts = (one for one in [*pyenv, *on_path] if subprocess.run([one, "-c", ""], capture_output=True).returncode == 0)
    return next(starts, None)


@pytest.fixture(scope="module")
def arguments(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    pem, key = make_certificate(tmp_path_factory.mktemp("certificate"))
    with factories.running_server(folder, tls_certificate=pem, tls_key=key) as server:
        yield [server.address, server_fingerprint(server.address)]


@pytest.mark.parametrize("version", VERSIONS)
def test_it_translates_and_leaves_nothing_but_itself_behind(version: str, arguments: list[str]) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    ran = subprocess.run([python, "-I", SELF_CHECK, *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["plugins"]
    assert ran.stderr == ""
