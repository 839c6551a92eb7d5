"""Results that outlast the plug-in's process."""

from __future__ import annotations

import random
import stat
from pathlib import Path

import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.history import Entry
from plugins.core.kept_results import ResultStore, Thumbnail

SMALL = Thumbnail(2, 1, b"\x01\x02\x03\xff\x04\x05\x06\xff")
SIDE = 10


def entry(name: str, moment: float, sample_type: int = SampleType.UINT8) -> Entry:
    extra = {"picture": f"{name}.xcf"}
    return Entry(
        name, name.title(), "0" * 64, "sea", SIDE, SIDE, Channels.RGBA, sample_type, (-3, 5), extra, moment=moment
    )


def noise(sample_bytes: int = 1, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(SIDE * SIDE * 4 * sample_bytes)


def files(store_folder: Path) -> list[Path]:
    return sorted(store_folder.iterdir())


@pytest.mark.parametrize(
    ("sample_type", "sample_bytes"),
    [(SampleType.UINT8, 1), (SampleType.UINT16, 2), (SampleType.FLOAT16, 2), (SampleType.FLOAT32, 4)],
)
def test_another_process_finds_a_result_as_it_was(tmp_path: Path, sample_type: int, sample_bytes: int) -> None:
    one = entry("monet", 5.5, sample_type)
    assert ResultStore(tmp_path / "results").add(one, noise(sample_bytes), SMALL)
    later = ResultStore(tmp_path / "results")
    (kept,) = later.kept
    assert vars(kept.entry) == vars(one)
    assert kept.thumbnail == SMALL
    assert later.pixels(kept) == noise(sample_bytes)


def test_results_come_newest_first_and_the_oldest_make_room(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, cap_bytes=2000)  # two of about 800 bytes
    for moment, name in enumerate(("first", "second", "third")):
        store.add(entry(name, moment), noise(seed=moment), SMALL)
    assert [kept.entry.filter_id for kept in store.kept] == ["third", "second"]
    assert sum(file.stat().st_size for file in files(tmp_path)) <= 2000


def test_there_are_no_more_than_the_most(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, most=2)
    for moment in range(4):
        store.add(entry(str(moment), moment), noise(), SMALL)
    assert [kept.entry.filter_id for kept in store.kept] == ["3", "2"]


def test_a_result_larger_than_all_room_takes_nobodys_place(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, cap_bytes=1000)
    store.add(entry("kept", 1), noise(), SMALL)
    assert not store.add(entry("huge", 2, SampleType.FLOAT32), noise(4), SMALL)
    assert [kept.entry.filter_id for kept in store.kept] == ["kept"]


def test_results_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir(mode=0o755)
    ResultStore(folder).add(entry("monet", 1), noise(), SMALL)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in files(folder)] == [0o600]


def test_damaged_results_are_left_out_whatever_byte_is_wrong(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    store.add(entry("monet", 1), noise(), SMALL)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        for kept in store.kept:  # then only its pixels are damaged
            with pytest.raises(KeyError):
                store.pixels(kept)
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert store.kept == []
    assert store.add(entry("next", 2), noise(), SMALL)
    assert [kept.entry.filter_id for kept in store.kept] == ["next"]


def test_removed_and_cleared_results_are_gone(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    for moment in range(3):
        store.add(entry(str(moment), moment), noise(), SMALL)
    newest = store.kept[0]
    for _again in range(2):
        store.remove(newest)
    assert [kept.entry.filter_id for kept in store.kept] == ["1", "0"]
    with pytest.raises(KeyError):
        store.pixels(newest)
    (tmp_path / ".draft-of-an-ended-process").write_bytes(b"half")
    store.clear()
    assert files(tmp_path) == []


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file, not a folder")
    with pytest.raises(OSError):
        ResultStore(tmp_path / "results").add(entry("monet", 1), noise(), SMALL)
    assert ResultStore(tmp_path / "results").kept == []
