from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.core.settings import Settings, SettingsProblem, SettingsStore

CHOSEN = Settings(
    address="studio:50051", token="secret-token", tls=True, favourites=("a", "b"), opacity=70, keep_luminance=True
)


def test_what_was_chosen_comes_back(tmp_path: Path) -> None:
    SettingsStore(tmp_path / "new").save(CHOSEN)
    store = SettingsStore(tmp_path / "new")
    assert store.load() == CHOSEN
    assert store.note == ""


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert SettingsStore(tmp_path).load() == Settings()


def test_only_the_owner_reads_the_token(tmp_path: Path) -> None:
    SettingsStore(tmp_path).save(CHOSEN)
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600
    assert "secret" not in repr(CHOSEN)


@pytest.mark.parametrize("contents", [b"{", b"[1]", b"\xff\xfe", b"null"])
def test_a_broken_file_is_set_aside_and_said_so(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(contents)
    (tmp_path / "settings.broken-1.json").write_bytes(b"an earlier one")
    store = SettingsStore(tmp_path)
    assert store.load() == Settings()
    assert "set aside as settings.broken-2.json" in store.note
    assert (tmp_path / "settings.broken-2.json").read_bytes() == contents
    assert (tmp_path / "settings.broken-1.json").read_bytes() == b"an earlier one"
    store.save(CHOSEN)
    assert store.load() == CHOSEN


def test_a_file_that_is_just_being_written_is_not_set_aside(tmp_path: Path) -> None:
    """As by an editor that writes in place, without renaming."""
    whole = json.dumps({"token": "kept"})
    (tmp_path / "settings.json").write_text(whole[:7])
    writer = threading.Timer(0.05, lambda: (tmp_path / "settings.json").write_text(whole))
    writer.start()
    store = SettingsStore(tmp_path)
    assert store.load() == Settings(token="kept")
    assert store.note == ""
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_values_of_another_type_and_unknown_keys_are_passed_over(tmp_path: Path) -> None:
    entries = {"address": 7, "tls": "yes", "favourites": ["a", 1], "opacity": True, "token": "kept", "recent": ["a"]}
    (tmp_path / "settings.json").write_text(json.dumps(entries))
    assert SettingsStore(tmp_path).load() == Settings(token="kept")


def test_a_folder_that_cannot_be_written_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsProblem) as caught:
        SettingsStore(tmp_path / "file").save(CHOSEN)
    assert caught.value.sentence.startswith("The settings cannot be saved in ")
    assert "until the editor is closed" in caught.value.remedy


def test_nothing_is_left_beside_when_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SettingsStore(tmp_path)
    store.save(CHOSEN)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SettingsProblem, match="No space left"):
        store.save(replace(CHOSEN, opacity=1))
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    assert store.load() == CHOSEN


def test_what_kept_the_settings_from_being_saved_is_said_though_the_draft_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Path, target: Path) -> Path:
        self.unlink()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", gone)
    with pytest.raises(SettingsProblem, match="No space left"):
        SettingsStore(tmp_path).save(CHOSEN)


def test_the_filter_that_was_used_is_the_last_one() -> None:
    assert Settings().used("a").used("b").last_filter == "b"


def test_a_favourite_is_one_once() -> None:
    settings = Settings().with_favourite("a", True).with_favourite("b", True).with_favourite("a", True)
    assert settings.favourites == ("b", "a")
    assert settings.with_favourite("b", False).favourites == ("a",)
