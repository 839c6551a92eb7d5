from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pleinair.common.caches import cache_folder


@pytest.mark.parametrize(
    ("platform", "variable", "below_home"),
    [
        ("linux", "XDG_CACHE_HOME", ".cache"),
        ("darwin", "XDG_CACHE_HOME", ".cache"),
        ("win32", "LOCALAPPDATA", "AppData/Local"),
    ],
)
def test_the_platform_decides_where_caches_lie(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, below_home: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == tmp_path / "pleinair"
    monkeypatch.setenv(variable, "relative")
    assert cache_folder() == Path.home() / below_home / "pleinair"
