"""The zips: what is in them, that they are always the same, and that a host's Python can load them."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from plugins import bundle
from tests.hosts.unpacking import unpack

PACKAGES = ["client", "core", "locale"]
VENDORED = ["h2", "hpack", "hyperframe"]


@pytest.fixture(scope="module", params=sorted(bundle.EDITORS))
def host(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def archive(host: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.build(host, tmp_path_factory.mktemp("bundle"))


def package_of(host: str) -> str:
    return bundle.EDITORS[host].package


def test_name_says_editor_and_version(archive: Path, host: str) -> None:
    assert archive.name == f"pleinair-{host}-{bundle.version()}.zip"


def test_building_twice_gives_the_same_bytes(archive: Path, host: str, tmp_path: Path) -> None:
    again = bundle.build(host, tmp_path)
    assert again.read_bytes() == archive.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


def test_zip_holds_all_that_the_plugin_needs(archive: Path, host: str) -> None:
    package = package_of(host)
    names = set(members(archive))
    assert {f"{package}/{part}/" for part in [*PACKAGES, host]} <= names
    assert f"{package}/__init__.py" in names
    assert f"{package}/{host}/__init__.py" in names
    assert {f"{package}/locale/{language}/LC_MESSAGES/pleinair.mo" for language in ("de", "fr")} <= names


def test_zip_carries_every_licence(archive: Path, host: str) -> None:
    names = members(archive)
    assert "pleinair/LICENSE" in names
    for library in VENDORED:
        assert f"{package_of(host)}/client/vendor/{library}/LICENSE" in names


def test_zip_holds_neither_tests_nor_caches_nor_the_other_editor(archive: Path, host: str) -> None:
    others = (f"/{other}/" for other in bundle.EDITORS if other != host)
    unwanted = ("test", "__pycache__", ".pyc", ".po", *others, "stubs", "bundle.py", "entry.py", "launcher.py")
    assert [name for name in members(archive) if any(part in name for part in unwanted)] == []


def test_only_folders_and_gimps_launcher_are_executable(archive: Path, host: str) -> None:
    executable = {name for name, mode in members(archive).items() if mode & stat.S_IXUSR and not name.endswith("/")}
    assert executable == ({"pleinair/pleinair.py"} if host == "gimp" else set())
    assert all(mode & stat.S_IRUSR for mode in members(archive).values())


def test_every_folder_has_an_entry_before_its_files(archive: Path) -> None:
    seen = {""}
    for name in members(archive):
        parent, _, _ = name.rstrip("/").rpartition("/")
        assert parent in seen
        seen.add(name.rstrip("/"))


def test_date_is_that_of_the_source(host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    with zipfile.ZipFile(bundle.build(host, tmp_path)) as built:
        assert {member.date_time for member in built.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_krita_finds_one_plugin_with_its_actions(tmp_path: Path) -> None:
    """By the rules of its importer: a .desktop file, the folder that this names, and actions of the same name."""
    with zipfile.ZipFile(bundle.build("krita", tmp_path)) as built:
        assert [name for name in built.namelist() if name.endswith(".desktop")] == ["pleinair.desktop"]
        told = built.read("pleinair.desktop").decode().splitlines()
        assert {"[Desktop Entry]", "X-KDE-Library=pleinair", "ServiceTypes=Krita/PythonPlugin"} <= set(told)
        assert {"pleinair/", "pleinair/__init__.py"} <= set(built.namelist())
        manual = next(line.partition("=")[2] for line in told if line.startswith("X-Krita-Manual="))
        assert f"pleinair/{manual}" in built.namelist()
        assert [name for name in built.namelist() if name.endswith(".action")] == ["pleinair.action"]


def test_wire_and_core_load_in_the_oldest_python_and_leave_nothing_behind(
    archive: Path, host: str, oldest_python: Path, tmp_path: Path
) -> None:
    unpack(archive, tmp_path)
    package = tmp_path / package_of(host)
    # Krita's package begins with a module that needs Krita.
    (package / "__init__.py").write_text("")
    done = subprocess.run(
        [oldest_python, "-I", "-B", "-c", LOAD, str(package)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


LOAD = """
import pathlib, pkgutil, importlib, sys
package = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(package.parent))
before = set(sys.modules)
for part in ("client", "core"):
    within = importlib.import_module(f"{package.name}.{part}")
    for found in pkgutil.walk_packages(within.__path__, within.__name__ + "."):
        importlib.import_module(found.name)
for name in sorted(set(sys.modules) - before):
    place = getattr(sys.modules[name], "__file__", None) or ""
    if name.split(".")[0] != package.name and ("site-packages" in place or str(package) in place):
        print(name)
"""


@pytest.fixture(scope="module")
def oldest_python() -> Path:
    """Python 3.9, which the oldest editors carry; without one, the oldest that is here."""
    for minor in range(9, 15):
        own = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        found = own[0] if own else shutil.which(f"python3.{minor}")
        if found:
            return Path(found)
    return Path(sys.executable)


def members(archive: Path) -> dict[str, int]:
    """Names and modes, in order."""
    with zipfile.ZipFile(archive) as opened:
        return {member.filename: member.external_attr >> 16 for member in opened.infolist()}
