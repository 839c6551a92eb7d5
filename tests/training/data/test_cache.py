from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.full_disk import files_limited_to
from tests.training.factories import TINY_READING, picture_folder
from training.data import cache as cache_module
from training.data import folders
from training.data.cache import DAY, PictureCache
from training.data.folders import PictureFolder, read_folder
from training.data.pictures import read_resized
from training.data.reading import Reading


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded, in any order."""
    decoded: list[Path] = []

    def counted(path: Path, reading: Reading) -> object:
        decoded.append(path)
        return read_resized(path, reading)

    monkeypatch.setattr(folders, "read_resized", counted)
    return decoded


def equal(one: PictureFolder, other: PictureFolder) -> bool:
    same = (one.files, one.skipped, one.path) == (other.files, other.skipped, other.path)
    return same and all((a == b).all() for a, b in zip(one.pictures, other.pictures, strict=True))


def cached_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pleinair"))


def test_a_second_start_decodes_nothing_and_gives_the_same(tmp_path: Path, decodes: list[Path]) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures"), PictureCache(tmp_path / "cache")
    (pictures / "broken.png").write_bytes(b"nothing")
    reading = Reading("crop", load_size=0, crop_size=32)
    plain = read_folder(pictures, reading)
    first = read_folder(pictures, reading, cache)
    decodes.clear()
    second = read_folder(pictures, reading, cache)
    assert decodes == []
    assert equal(plain, first)
    assert equal(first, second)
    assert second.note == ""


def test_another_reading_or_a_changed_picture_is_decoded_again(tmp_path: Path, decodes: list[Path]) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures"), PictureCache(tmp_path / "cache")
    read_folder(pictures, TINY_READING, cache)
    for reading in (Reading("fit", 36, 32), Reading("resize", 40, 32), Reading("resize", 36, 32, 1)):
        decodes.clear()
        read_folder(pictures, reading, cache)
        assert len(decodes) == 3
    os.utime(pictures / "0.png", (1, 1))
    decodes.clear()
    read_folder(pictures, TINY_READING, cache)
    assert len(decodes) == 3


@pytest.mark.parametrize("damage", ["a level", "the index", "the end", "everything"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, decodes: list[Path], damage: str) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures"), PictureCache(tmp_path / "cache")
    whole = read_folder(pictures, TINY_READING)
    read_folder(pictures, TINY_READING, cache)
    (file,) = cached_files(cache.folder)
    contents = bytearray(file.read_bytes())
    if damage == "a level":
        contents[5] ^= 1
    elif damage == "the index":
        contents[-100] ^= 1
    damaged = contents[: {"the end": -1, "everything": 0}.get(damage, len(contents))]
    file.unlink()
    file.write_bytes(damaged)
    decodes.clear()
    assert equal(read_folder(pictures, TINY_READING, cache), whole)
    assert len(decodes) == 3
    read_folder(pictures, TINY_READING, cache)
    assert len(decodes) == 3


def test_readers_at_once_all_get_the_pictures_and_leave_one_file(tmp_path: Path) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures", 20), PictureCache(tmp_path / "cache")
    whole, read = read_folder(pictures, TINY_READING), []
    threads = [
        threading.Thread(target=lambda: read.append(read_folder(pictures, TINY_READING, cache))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 6
    assert all(equal(folder, whole) for folder in read)
    assert len(list(cache.folder.iterdir())) == 1


def test_a_place_that_cannot_be_written_is_told_and_memory_serves(tmp_path: Path) -> None:
    pictures = picture_folder(tmp_path / "pictures")
    folder = read_folder(pictures, TINY_READING, PictureCache(Path("/proc/cache")))
    assert equal(folder, read_folder(pictures, TINY_READING))
    assert folder.note.startswith("the cache /proc/cache cannot be used (No such file or directory), so the pictures")


def test_a_full_disk_is_told_and_memory_serves(tmp_path: Path) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures"), PictureCache(tmp_path / "cache")
    with files_limited_to(5000):
        folder = read_folder(pictures, TINY_READING, cache)
    assert equal(folder, read_folder(pictures, TINY_READING))
    assert "cannot be used (File too large)" in folder.note
    assert list(cache.folder.iterdir()) == []


def test_small_sets_of_pictures_are_not_cached(tmp_path: Path) -> None:
    pictures = picture_folder(tmp_path / "pictures")
    read_folder(pictures, TINY_READING, PictureCache(tmp_path / "cache", least_bytes=1_000_000))
    assert not (tmp_path / "cache").exists()


def aged(path: Path, days: float, size: int = 1) -> Path:
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


def test_caches_that_nobody_used_for_long_and_rests_of_interrupted_writers_go(tmp_path: Path) -> None:
    gone = [aged(tmp_path / "old.pleinair", 31), aged(tmp_path / ".pleinair-rest.tmp", 2)]
    kept = [
        aged(tmp_path / "new.pleinair", 29),
        aged(tmp_path / ".pleinair-busy.tmp", 0.5),
        aged(tmp_path / "a.txt", 99),
    ]
    read_folder(picture_folder(tmp_path / "pictures"), TINY_READING, PictureCache(tmp_path))
    assert [path.exists() for path in (*gone, *kept)] == [False] * 2 + [True] * 3


def test_beyond_the_limit_those_unused_for_longest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MOST_BYTES", 50_000)
    today, recent, older = (aged(tmp_path / f"{days}.pleinair", days, 20_000) for days in (0.5, 2, 3))
    read_folder(picture_folder(tmp_path / "pictures"), TINY_READING, PictureCache(tmp_path))
    assert [path.exists() for path in (today, recent, older)] == [True, False, False]


def test_using_a_cache_keeps_it(tmp_path: Path) -> None:
    pictures, cache = picture_folder(tmp_path / "pictures"), PictureCache(tmp_path / "cache")
    read_folder(pictures, TINY_READING, cache)
    (file,) = cached_files(cache.folder)
    os.utime(file, (1, 1))
    read_folder(pictures, TINY_READING, cache)
    assert time.time() - file.stat().st_mtime < 60
