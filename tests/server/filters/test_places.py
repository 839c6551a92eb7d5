"""Links out of the folder, and names that nobody can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.engine.backend import Backend
from server.filters.catalogue import Catalogue
from server.filters.scanner import FolderScanner
from tests import factories


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "filters").mkdir()
    return tmp_path / "filters"


def loaded(folder: Path, device: Backend) -> Catalogue:
    return FolderScanner(folder, device).load()


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path, device: Backend) -> None:
    (folder / "linked.onnx").symlink_to(factories.put(tmp_path, factories.identity()))
    said = loaded(folder, device).rejected["linked.onnx"]
    assert said == "It is a link that leads out of the folder; copy the file itself there."


@pytest.mark.parametrize("name", ["filter.toml", "filter.onnx.data"])
def test_what_belongs_to_a_filter_is_no_link_out_either(
    folder: Path, tmp_path: Path, device: Backend, name: str
) -> None:
    factories.put(folder, factories.foreign(), name="filter")
    (tmp_path / "elsewhere").write_text(factories.SIDECAR)
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert loaded(folder, device).rejected["filter.onnx"].startswith(f"{name} beside it is a link that leads out of")


def test_links_inside_a_folder_that_is_a_link_itself_are_followed(
    folder: Path, tmp_path: Path, device: Backend
) -> None:
    """As where a cluster puts files: a new version is another link."""
    (folder / "version").mkdir()
    factories.put(folder / "version", factories.identity())
    (folder / "identity.onnx").symlink_to("version/identity.onnx")
    (tmp_path / "linked").symlink_to(folder)
    assert list(loaded(tmp_path / "linked", device).filters) == ["identity"]


def test_one_filter_that_is_named_may_be_a_link(folder: Path, tmp_path: Path, device: Backend) -> None:
    (folder / "linked.onnx").symlink_to(factories.put(tmp_path, factories.identity()))
    assert list(loaded(folder / "linked.onnx", device).filters) == ["identity"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"not \xff utf-8.onnx", r"not \udcff utf-8.onnx"),
        (b"two\nlines.onnx", r"two\nlines.onnx"),
        (b"red\x1b[31m.onnx", r"red\x1b[31m.onnx"),
        ("left \u202e right.onnx".encode(), r"left \u202e right.onnx"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(folder: Path, device: Backend, name: bytes, shown: str) -> None:
    (folder / os.fsdecode(name)).write_bytes(factories.identity().SerializeToString())
    assert loaded(folder, device).rejected == {shown: "Its name has characters that cannot be shown; rename it."}


@pytest.mark.parametrize("name", ["Frühling 春 😀", "non\u00a0breaking", "👩\u200d🎨"])
def test_a_name_in_any_language_is_good(folder: Path, device: Backend, name: str) -> None:
    factories.put(folder, factories.identity(), name=name)
    assert list(loaded(folder, device).filters) == ["identity"]


def test_what_a_file_says_stays_on_one_line(folder: Path, device: Backend) -> None:
    made = factories.identity()
    made.graph.input[0].name = "im\n2026 forged \x1b[2Jage"
    factories.put(folder, made)
    assert loaded(folder, device).rejected["identity.onnx"].isprintable()
