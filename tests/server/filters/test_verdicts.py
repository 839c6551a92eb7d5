"""What was tried once is not tried again, and nothing that happens to the memory of it does harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.engine.backend import Backend
from server.engine.feed import Feed
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.trial import OnnxruntimeTrial
from server.errors import FilterProblem
from server.filters import verdicts
from server.filters.examination import examine
from server.filters.scanner import FolderScanner
from server.filters.verdicts import Verdict, Verdicts
from tests import factories
from tests.server.filters.networks import residual, sidecar


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the models that are really tried."""
    trials: list[int] = []
    open_for_trial = OnnxruntimeBackend.open_for_trial

    def counted(backend: OnnxruntimeBackend, model: bytes, feed: Feed) -> OnnxruntimeTrial:
        trials.append(len(model))
        return open_for_trial(backend, model, feed)

    monkeypatch.setattr(OnnxruntimeBackend, "open_for_trial", counted)
    return trials


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two filters, of which one needs pictures of 32 pixels, and one that is refused."""
    folder = tmp_path / "filters"
    folder.mkdir()
    factories.put(folder, factories.identity())
    for name, multiple in (("deep", 16), ("wrong", 8)):
        factories.put_bytes(folder / f"{name}.onnx", residual(4))
        (folder / f"{name}.toml").write_text(sidecar(multiple))
    return folder


def test_a_folder_that_was_tried_before_is_offered_without_a_trial(
    folder: Path, tmp_path: Path, device: Backend, trials: list[int]
) -> None:
    first = FolderScanner(folder, device, Verdicts(tmp_path / "kept")).load()
    assert (list(first.filters), list(first.rejected), len(trials)) == (["deep", "identity"], ["wrong.onnx"], 3)
    again = FolderScanner(folder, device, Verdicts(tmp_path / "kept")).load()
    assert (list(again.filters), again.rejected, len(trials)) == (list(first.filters), first.rejected, 3)
    assert examine(folder / "deep.onnx", device, Verdicts(tmp_path / "kept")).least == 32
    assert len(trials) == 3


@pytest.mark.parametrize("change", ["the file", "the sidecar", "the library"])
def test_what_has_changed_is_tried_again(
    folder: Path, tmp_path: Path, device: Backend, trials: list[int], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep, kept = folder / "deep.onnx", Verdicts(tmp_path / "kept")
    examine(deep, device, kept)
    if change == "the file":
        factories.put_bytes(deep, residual(4, margin=2))
    elif change == "the sidecar":
        (folder / "deep.toml").write_text(sidecar(32))
    else:
        monkeypatch.setattr(OnnxruntimeBackend, "version", "2.0.0")
    examine(deep, device, kept)
    assert len(trials) == 2


def test_a_sentence_that_names_a_file_is_not_told_of_another(folder: Path, tmp_path: Path, device: Backend) -> None:
    kept = Verdicts(tmp_path / "kept")
    for name in ("wrong", "again"):
        factories.put_bytes(folder / f"{name}.onnx", residual(4))
        (folder / f"{name}.toml").write_text(sidecar(8))
        with pytest.raises(FilterProblem, match=f"write multiple = 16 in {name}.toml"):
            examine(folder / f"{name}.onnx", device, kept)


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"least": 0, "problem": ""}',
        b'{"least": "16", "problem": ""}',
        b'{"least": 16, "problem": "both"}',
        b"[" * 9000,
        b"\xff",
    ],
)
def test_a_damaged_memory_is_none(
    folder: Path, tmp_path: Path, device: Backend, trials: list[int], contents: bytes
) -> None:
    FolderScanner(folder, device, Verdicts(tmp_path / "kept")).load()
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(contents)
    again = FolderScanner(folder, device, Verdicts(tmp_path / "kept")).load()
    assert (list(again.filters), len(trials)) == (["deep", "identity"], 6)


def test_a_memory_that_cannot_be_written_is_done_without(folder: Path, tmp_path: Path, device: Backend) -> None:
    (tmp_path / "kept").write_text("a file where a folder should be")
    for place in (tmp_path / "kept", tmp_path / "kept" / "below", None):
        scanner = FolderScanner(folder, device, Verdicts(place))
        assert list(scanner.load().filters) == ["deep", "identity"]


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_MOST", 5)
    monkeypatch.setattr(verdicts, "_SLACK", 2)
    kept = Verdicts(tmp_path)
    for number in range(8):
        kept.keep(f"{number}", Verdict(16 + number))
        os.utime(tmp_path / f"{number}.json", (number, number))
    kept.forget_oldest()
    found = [kept.find(f"{number}") for number in range(8)]
    assert found == [None, None, None, *(Verdict(16 + number) for number in range(3, 8))]


def test_what_is_kept_are_a_number_and_a_sentence(folder: Path, tmp_path: Path, device: Backend) -> None:
    FolderScanner(folder, device, Verdicts(tmp_path / "kept")).load()
    texts = sorted(file.read_text() for file in (tmp_path / "kept").iterdir())
    assert texts[1:] == ['{"least": 16, "problem": ""}', '{"least": 32, "problem": ""}']
    assert texts[0].startswith('{"least": 0, "problem": "It takes pictures whose height and width are multiples of 16')
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "There is not enough memory to try it"),
        (RuntimeError("[ONNXRuntimeError] : 1 : FAIL : bad allocation"), "There is not enough memory to try it"),
        (RuntimeError("can't start new thread"), "for a reason that was not foreseen"),
        (OSError(28, "No space left on device"), "for a reason that was not foreseen"),
    ],
)
@pytest.mark.parametrize(("owner", "method"), [(OnnxruntimeBackend, "open_for_trial"), (OnnxruntimeTrial, "run")])
def test_what_may_lie_in_the_machine_is_not_remembered(
    folder: Path, tmp_path: Path, device: Backend, error: Exception, words: str, owner: type, method: str
) -> None:
    def fail(*arguments: object) -> OnnxruntimeTrial:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, fail)
        with pytest.raises(FilterProblem, match=words):
            examine(folder / "deep.onnx", device, Verdicts(tmp_path / "kept"))
    assert examine(folder / "deep.onnx", device, Verdicts(tmp_path / "kept")).least == 32
