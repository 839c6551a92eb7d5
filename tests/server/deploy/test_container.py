"""The container file: what it copies and runs is there, and what it starts is a user's server that says how it is."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.options.loading import load_config
from tests import factories
from tests.certificates import make_certificate
from tests.processes import ServerProcess
from tests.server.deploy.reading import CONFIG, ROOT, Instruction, stages
from tests.server.metrics.asking import metered, told


def of_kind(name: str, stage: int = -1) -> list[Instruction]:
    return [instruction for instruction in stages()[stage] if instruction.name == name]


def test_what_is_copied_is_there() -> None:
    sources = [word for stage in (0, -1) for one in of_kind("COPY", stage) for word in one.words[:-1]]
    ours = [source for source in sources if not source.startswith("/opt/")]
    assert "pyproject.toml" in ours
    assert [source for source in ours if not (ROOT / source).exists()] == []


def test_what_the_package_is_built_from_is_copied() -> None:
    copied = {word for one in of_kind("COPY", 0) for word in one.words[:-1]}
    assert {"pyproject.toml", "README.md", "LICENSE", "protos", "server", "training"} <= copied


def test_what_it_runs_in_a_shell_is_there() -> None:
    commands = [part.split()[0] for one in of_kind("RUN") for part in one.text.split("&&")]
    assert commands == ["useradd", "install"]
    assert [command for command in commands if shutil.which(command) is None] == []


def test_the_server_is_a_user_without_rights_and_gets_its_signals() -> None:
    (user,) = of_kind("USER")
    assert int(user.text) >= 10_000
    after = stages()[-1][stages()[-1].index(user) :]
    assert not {"RUN", "COPY", "ADD"} & {one.name for one in after}  # what it may not write, it has not made
    (entry,) = of_kind("ENTRYPOINT")
    assert entry.text.startswith("[")  # without a shell between
    assert entry.words[1:] == ["-m", "server", "--config", "/etc/pleinair/pleinair.toml"]
    assert [one.text for one in of_kind("STOPSIGNAL")] == ["SIGTERM"]


def test_it_serves_on_the_port_that_is_named() -> None:
    config = load_config(["--config", str(CONFIG)], {})
    assert [config.address.rpartition(":")[2]] == [one.text for one in of_kind("EXPOSE")]
    assert config.metrics is not None and config.metrics in _check()


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[tuple[ServerProcess, str]]:
    """A server with the options of the file, but folders, files and ports of this test, and where its metrics are."""
    filters = tmp_path / "filters"
    filters.mkdir()
    factories.put(filters, factories.identity())
    make_certificate(tmp_path)
    (tmp_path / "token").write_text("a-token-of-this-test")
    (tmp_path / "token").chmod(0o600)
    text = CONFIG.read_text("utf-8").replace("/etc/pleinair", str(tmp_path))
    (tmp_path / CONFIG.name).write_text(text.replace("/var/lib/pleinair", str(tmp_path)))
    with metered(filters, "--config", str(tmp_path / CONFIG.name)) as found:
        yield found


def test_its_options_start_a_server_that_is_well(configured: tuple[ServerProcess, str]) -> None:
    server, metrics = configured
    assert told(metrics, "pleinair_filters") == 1
    assert _is_well(metrics)
    server.kill()
    assert not _is_well(metrics)


@pytest.mark.slow
def test_a_server_that_hangs_is_not_well(configured: tuple[ServerProcess, str]) -> None:
    server, metrics = configured
    server.process.send_signal(signal.SIGSTOP)
    try:
        assert not _is_well(metrics)
    finally:
        server.process.send_signal(signal.SIGCONT)


def _check() -> str:
    return of_kind("HEALTHCHECK")[0].words[2]


def _is_well(metrics: str) -> bool:
    command = _check().replace("http://127.0.0.1:9464/metrics", metrics)
    return subprocess.run([sys.executable, "-c", command], capture_output=True).returncode == 0
