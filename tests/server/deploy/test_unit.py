"""The unit for systemd: it starts what there is, with the least rights."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.options.loading import load_config
from tests.server.deploy.reading import CONFIG, UNIT, settings

LARGEST_EXPOSURE = "20"  # tenths, of 100: what systemd calls OK ends at 25


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        assert not os.environ.get("CI"), "install systemd: .ci/packages does"
        pytest.skip("there is no systemd-analyze on this machine")
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """It with a program that is there."""
    program = shlex.split(settings()["ExecStart"][0])[0]
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text("utf-8").replace(program, sys.executable), "utf-8")
    return here


def test_it_starts_the_server_with_options_that_there_are() -> None:
    _, *arguments = shlex.split(settings()["ExecStart"][0])
    assert arguments == ["-m", "server", "--config", "/etc/pleinair/pleinair.toml"]
    config = load_config(["--config", str(CONFIG)], {})
    assert (config.is_loopback, config.insecure) == (False, False)
    assert config.tls_certificate and config.tls_key and config.token_file


def test_systemd_makes_the_folders_that_the_server_writes_into() -> None:
    found, config = settings(), load_config(["--config", str(CONFIG)], {})
    made = [f"/var/lib/{name}" for name in found["StateDirectory"][0].split()]
    assert str(config.filters) in made
    assert str(config.trainings_folder).startswith(f"{config.filters}/")
    environment = dict(pair.split("=") for pair in found["Environment"][0].split())
    assert f"{environment['XDG_CACHE_HOME']}/pleinair" == f"/var/cache/{found['CacheDirectory'][0]}"
    assert found["UMask"] == ["0077"]


def test_a_stop_lets_the_server_drain_and_trainers_save() -> None:
    found, config = settings(), load_config(["--config", str(CONFIG)], {})
    assert float(found["TimeoutStopSec"][0]) >= config.grace + 2
    assert found["KillMode"] == ["mixed"]  # trainers get no signal: the server has them save
    assert found["OOMPolicy"] == ["continue"]


def test_systemd_takes_it_without_a_word(analyze: str, unit: Path) -> None:
    ran = subprocess.run([analyze, "verify", unit], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_systemd_finds_little_that_it_could_do_to_the_machine(analyze: str, unit: Path) -> None:
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={LARGEST_EXPOSURE}", str(unit)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
