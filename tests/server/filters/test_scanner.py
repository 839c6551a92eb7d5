"""The filters folder as it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.engine.backend import Backend, open_backend
from server.engine.provider import Provider
from server.errors import Reason, Refusal, StartProblem
from server.filters.catalogue import Catalogue, FilterChange, Rejection, changes
from server.filters.scanner import FolderScanner
from tests import factories


@pytest.fixture(scope="module")
def device() -> Backend:
    return open_backend(Provider.CPU, threads=1)


class Folder:
    """A scanner that has loaded a folder of one filter, identity, and the catalogues that it gave."""

    def __init__(self, path: Path, device: Backend) -> None:
        self.scanner = FolderScanner(path, device)
        self.catalogue = self.scanner.load()

    def scan(self, times: int = 2) -> Catalogue:
        """Twice, for what is new to settle."""
        for _ in range(times):
            self.catalogue = self.scanner.scan()
        return self.catalogue


@pytest.fixture
def folder(tmp_path: Path, device: Backend) -> Folder:
    factories.put(tmp_path, factories.identity())
    return Folder(tmp_path, device)


def news(before: Catalogue, after: Catalogue) -> list[str]:
    return [
        f"{change.kind.value} {change.filter.identifier}"
        if isinstance(change, FilterChange)
        else f"{'rejected' if change.reason else 'cleared'} {change.file_name}"
        for change in changes(before, after)
    ]


def test_files_that_are_there_at_the_start_are_served_at_once(folder: Folder) -> None:
    assert list(folder.catalogue.filters) == ["identity"]


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path, device: Backend) -> None:
    with pytest.raises(StartProblem, match=r"nowhere cannot be read .*create it, or name another with --filters"):
        FolderScanner(tmp_path / "nowhere", device).load()


def test_an_empty_folder_is_no_problem(tmp_path: Path, device: Backend) -> None:
    assert FolderScanner(tmp_path, device).load() == Catalogue()


def test_one_file_can_stand_for_a_folder(tmp_path: Path, device: Backend) -> None:
    path = factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.inverting())
    assert list(FolderScanner(path, device).load().filters) == ["identity"]


def test_a_new_file_is_served_when_two_looks_saw_it_alike(folder: Folder, tmp_path: Path) -> None:
    factories.put(tmp_path, factories.inverting())
    assert list(folder.scan(1).filters) == ["identity"]
    assert list(folder.scan(1).filters) == ["identity", "inverting"]


def test_a_file_that_still_grows_is_not_tried(folder: Folder, tmp_path: Path) -> None:
    contents = factories.inverting().SerializeToString()
    for length in range(50, 300, 50):
        (tmp_path / "inverting.onnx").write_bytes(contents[:length])
        assert folder.scan(1).rejected == {}
    (tmp_path / "inverting.onnx").write_bytes(contents)
    assert list(folder.scan().filters) == ["identity", "inverting"]


def test_a_changed_file_is_another_filter(folder: Folder, tmp_path: Path) -> None:
    before = folder.catalogue
    factories.put(tmp_path, factories.inverting(identifier="identity"))
    after = folder.scan()
    assert news(before, after) == ["changed identity"]
    assert after.filters["identity"].sha256 != before.filters["identity"].sha256


def test_a_deleted_file_is_gone(folder: Folder, tmp_path: Path) -> None:
    before = folder.catalogue
    (tmp_path / "identity.onnx").unlink()
    assert news(before, folder.scan(1)) == ["removed identity"]


def test_a_bad_replacement_is_reported_and_the_one_before_serves_on(folder: Folder, tmp_path: Path) -> None:
    before = folder.catalogue
    factories.put_bytes(tmp_path / "identity.onnx", b"nonsense")
    after = folder.scan()
    assert after.filters["identity"] is before.filters["identity"]
    assert news(before, after) == ["rejected identity.onnx"]
    assert after.rejected["identity.onnx"].endswith("export it again; the previous version is still served.")


def test_a_repaired_file_is_no_longer_rejected(folder: Folder, tmp_path: Path) -> None:
    factories.put_bytes(tmp_path / "inverting.onnx", b"nonsense")
    assert list(folder.scan().rejected) == ["inverting.onnx"]
    factories.put(tmp_path, factories.inverting())
    after = folder.scan()
    assert (list(after.filters), after.rejected) == (["identity", "inverting"], {})


@pytest.mark.parametrize("name", ["zz", "aa"])
def test_who_serves_an_identifier_keeps_it(folder: Folder, tmp_path: Path, name: str) -> None:
    """Whatever the names of the files."""
    before = folder.catalogue.filters["identity"]
    factories.put(tmp_path, factories.inverting(identifier="identity"), name=name)
    after = folder.scan()
    assert after.filters == {"identity": before}
    assert "identifier 'identity' is already used by identity.onnx" in after.rejected[f"{name}.onnx"]


def test_of_two_that_are_there_at_the_start_the_first_by_name_serves(tmp_path: Path, device: Backend) -> None:
    for name in ("second", "first"):
        factories.put(tmp_path, factories.identity(), name=name)
    assert list(FolderScanner(tmp_path, device).load().rejected) == ["second.onnx"]


def test_a_pipe_is_not_waited_for(folder: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    assert folder.scan().rejected["pipe.onnx"].startswith("It is no file")


def test_the_second_file_serves_when_the_first_is_deleted(folder: Folder, tmp_path: Path) -> None:
    factories.put(tmp_path, factories.inverting(identifier="identity"), name="zz")
    before = folder.scan()
    (tmp_path / "identity.onnx").unlink()
    after = folder.scan(1)
    assert news(before, after) == ["changed identity", "cleared zz.onnx"]
    assert after.rejected == {}


def test_hidden_and_other_files_are_nothing(folder: Folder, tmp_path: Path) -> None:
    for name in (".hidden.onnx", ".identity.onnx.tmp", "notes.txt", "identity.onnx.part"):
        (tmp_path / name).write_bytes(b"nonsense")
    (tmp_path / "deeper").mkdir()
    factories.put(tmp_path / "deeper", factories.inverting())
    after = folder.scan()
    assert (list(after.filters), after.rejected) == (["identity"], {})


def test_a_changed_sidecar_changes_its_filter(folder: Folder, tmp_path: Path) -> None:
    factories.put(tmp_path, factories.foreign(), name="other")
    assert "describe it in other.toml" in folder.scan().rejected["other.onnx"]
    (tmp_path / "other.toml").write_text(factories.SIDECAR)
    assert folder.scan().filters["other"].description.title == "Somebody else's"
    (tmp_path / "other.toml").write_text(factories.SIDECAR.replace("Somebody else's", "Ours"))
    assert folder.scan().filters["other"].description.title == "Ours"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_rejected(folder: Folder, tmp_path: Path) -> None:
    factories.put(tmp_path, factories.inverting()).chmod(0)
    assert "Permission denied" in folder.scan().rejected["inverting.onnx"]


def test_a_folder_named_like_a_filter_is_rejected(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    assert folder.scan().rejected["folder.onnx"].startswith("It is no file")


def test_an_unknown_filter_is_answered_with_those_that_exist(folder: Folder) -> None:
    with pytest.raises(Refusal) as caught:
        folder.catalogue.find("nope")
    assert caught.value.reason is Reason.FILTER_NOT_FOUND
    assert caught.value.sentence == "There is no filter 'nope'; there are identity."


def test_a_crowd_of_filters_is_not_named_whole(folder: Folder) -> None:
    crowd = Catalogue({f"filter{number:02}": folder.catalogue.find("identity") for number in range(30)})
    with pytest.raises(Refusal, match=r"filter19 and 10 more\."):
        crowd.find("nope")


def test_a_removal_is_told_before_the_rejection_that_it_came_from(folder: Folder) -> None:
    before = folder.catalogue
    after = Catalogue(rejected={"identity.onnx": "It is broken."})
    assert [type(change) for change in changes(before, after)] == [FilterChange, Rejection]
