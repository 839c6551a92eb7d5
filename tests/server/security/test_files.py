"""Files that decide who gets in belong to the server's user."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.server.security.starting import TOKEN, application, problem


@pytest.fixture
def options(pair: tuple[Path, Path], tmp_path: Path) -> dict[str, Path]:
    names = {"token_file": tmp_path / "token", "tls_key": tmp_path / "key", "tls_certificate": pair[0]}
    names["tls_client_ca"] = tmp_path / "authority.pem"
    shutil.copy(pair[0], names["tls_client_ca"])
    names["token_file"].write_text(TOKEN)
    shutil.copy(pair[1], names["tls_key"])
    for name in ("token_file", "tls_key"):
        names[name].chmod(0o600)
    return names


@pytest.mark.parametrize("name", ["token_file", "tls_key", "tls_client_ca"])
@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_one_that_others_may_change_is_refused(folder: Path, options: dict[str, Path], name: str, mode: int) -> None:
    options[name].chmod(mode)
    assert f"{options[name]} can be changed by other users of this machine" in problem(folder, **options)


@pytest.mark.parametrize("name", ["token_file", "tls_key"])
def test_one_that_all_may_read_is_warned_of(folder: Path, options: dict[str, Path], name: str) -> None:
    options[name].chmod(0o644)
    warning = application(folder, **options).start_lines("there")[-1]
    assert warning.startswith(f"Warning: {options[name]} can be read by every user of this machine; run chmod 600")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_one_that_its_user_and_group_read_is_taken_without_a_word(
    folder: Path, options: dict[str, Path], mode: int
) -> None:
    for name in ("token_file", "tls_key"):
        options[name].chmod(mode)
    assert not any(line.startswith("Warning") for line in application(folder, **options).start_lines("there"))
