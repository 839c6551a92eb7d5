from __future__ import annotations

import ast
from importlib import metadata
from pathlib import Path

import pytest

from plugins import vendor


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """What each file holds, and the number that it keeps while nobody writes it anew."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_ino) for path in paths}


def test_the_packages_come_with_their_licences_and_import_nothing_absolutely(tmp_path: Path) -> None:
    vendor.vendor(tmp_path / "vendor")
    for name in vendor.VERSIONS:
        assert (tmp_path / "vendor" / name / "LICENSE").stat().st_size > 500
        assert (tmp_path / "vendor" / name / "__init__.py").exists()
    for path in (tmp_path / "vendor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & set(vendor.VERSIONS), path


def test_a_second_time_touches_nothing(tmp_path: Path) -> None:
    vendor.vendor(tmp_path / "vendor")
    before = contents(tmp_path)
    vendor.vendor(tmp_path / "vendor")
    assert contents(tmp_path) == before


def test_what_was_changed_or_left_over_is_put_right(tmp_path: Path) -> None:
    vendor.vendor(tmp_path / "vendor")
    before = {name: held for name, (held, _) in contents(tmp_path).items()}
    (tmp_path / "vendor" / "h2" / "errors.py").write_text("broken")
    (tmp_path / "vendor" / "h2" / "gone.py").write_text("from another version")
    vendor.vendor(tmp_path / "vendor")
    assert {name: held for name, (held, _) in contents(tmp_path).items()} == before


def test_another_version_than_the_one_that_was_tried_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vendor.VERSIONS, "hpack", "0.1")
    with pytest.raises(vendor.VendorProblem, match=r"run pip install hpack==0\.1"):
        vendor.vendor(tmp_path / "vendor")
    assert list(tmp_path.iterdir()) == []


def test_the_versions_are_those_that_development_installs() -> None:
    wanted = metadata.requires("pleinair") or []
    for name, version in vendor.VERSIONS.items():
        assert any(one.startswith(f"{name}=={version}") for one in wanted)
