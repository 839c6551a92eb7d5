from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.factories import gradient, picture_folder
from training.data.folders import fingerprint, read_folder
from training.errors import InputError


def test_pictures_are_read_in_order_of_name_at_the_asked_size(tmp_path: Path) -> None:
    folder = read_folder(picture_folder(tmp_path, 3), size=36, crop_size=32)
    assert folder.pictures.shape == (3, 36, 36, 3)
    alone = read_folder(tmp_path / "1.png", size=36, crop_size=32)
    assert (alone.pictures[0] == folder.pictures[1]).all()


def test_pictures_in_folders_below_are_found_and_other_files_are_not(tmp_path: Path) -> None:
    picture_folder(tmp_path / "deep" / "er", 2)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert len(read_folder(tmp_path, size=36, crop_size=32)) == 2


def test_an_unreadable_file_is_named_skipped_and_counted(tmp_path: Path) -> None:
    picture_folder(tmp_path, 2)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    folder = read_folder(tmp_path, size=36, crop_size=32)
    assert len(folder) == 2
    assert list(folder.report()) == [
        f"{tmp_path}: 2 pictures",
        "  skipped broken.png: it is not a picture, or is damaged",
    ]


def test_pictures_smaller_than_the_crop_are_counted(tmp_path: Path) -> None:
    picture_folder(tmp_path, 2)
    gradient(20, 50).save(tmp_path / "small.png")
    folder = read_folder(tmp_path, size=36, crop_size=32)
    assert folder.small == 1
    assert list(folder.report())[1].startswith("  1 smaller than the crop, so enlarged")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^There is no folder .*nowhere; name a folder"):
        read_folder(tmp_path / "nowhere", size=36, crop_size=32)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures; put PNG, JPEG or WebP"):
        read_folder(tmp_path, size=36, crop_size=32)


def test_a_folder_without_one_readable_picture_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"^None of the 1 file in .* \(the first, a.png: it is not a picture"):
        read_folder(tmp_path, size=36, crop_size=32)


def test_equal_pixels_have_equal_fingerprints_wherever_they_lie(tmp_path: Path) -> None:
    here, there, other = (
        read_folder(picture_folder(tmp_path / name, seed=seed), size=36, crop_size=32)
        for name, seed in (("here", 0), ("there", 0), ("other", 1))
    )
    assert fingerprint(here) == fingerprint(there) != fingerprint(other)
    assert fingerprint(here, other) != fingerprint(other, here)
