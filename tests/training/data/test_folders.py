from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.factories import TINY_READING, folder_of, gradient, noise, picture_folder
from training.data.folders import fingerprint, read_folder
from training.data.reading import Reading
from training.data.report import check_two_places, check_two_sets, folder_report, pair_report
from training.errors import InputError


def test_pictures_are_read_in_order_of_name_at_the_asked_size(tmp_path: Path) -> None:
    folder = read_folder(picture_folder(tmp_path, 3), TINY_READING)
    assert [picture.shape for picture in folder.pictures] == [(36, 36, 3)] * 3
    alone = read_folder(tmp_path / "1.png", TINY_READING)
    assert (alone.pictures[0] == folder.pictures[1]).all()


def test_pictures_in_folders_below_are_found_and_other_files_are_not(tmp_path: Path) -> None:
    picture_folder(tmp_path / "deep" / "er", 2)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert len(read_folder(tmp_path, TINY_READING)) == 2


def test_an_unreadable_file_is_named_skipped_and_counted(tmp_path: Path) -> None:
    picture_folder(tmp_path, 2)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    folder = read_folder(tmp_path, TINY_READING)
    assert len(folder) == 2
    assert list(folder_report(folder, TINY_READING)) == [
        f"{tmp_path}: 2 pictures",
        "  skipped broken.png: This is not a PNG, JPEG, WebP, TIFF, GIF, BMP, PPM, AVIF, HEIC or JPEG XL picture; save"
        " it as one of these and try again.",
    ]


def test_pictures_smaller_than_the_crop_are_counted(tmp_path: Path) -> None:
    picture_folder(tmp_path, 2)
    gradient(20, 50).save(tmp_path / "small.png")
    folder = read_folder(tmp_path, TINY_READING)
    assert list(folder_report(folder, TINY_READING))[1].startswith("  1 smaller than the crop and therefore enlarged")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^There is no folder .*nowhere; name a folder"):
        read_folder(tmp_path / "nowhere", TINY_READING)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures; put PNG, JPEG or WebP"):
        read_folder(tmp_path, TINY_READING)


def test_a_folder_without_one_readable_picture_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"^None of the 1 file in .* The first, a.png: This is not a"):
        read_folder(tmp_path, TINY_READING)


def test_equal_pixels_have_equal_fingerprints_wherever_they_lie(tmp_path: Path) -> None:
    here, there, other = (
        read_folder(picture_folder(tmp_path / name, seed=seed), TINY_READING)
        for name, seed in (("here", 0), ("there", 0), ("other", 1))
    )
    assert fingerprint(here) == fingerprint(there) != fingerprint(other)
    assert fingerprint(here, other) != fingerprint(other, here)


KEPT = {"crop": (50, 20), "patch": (50, 20), "fit": (90, 36), "resize": (36, 36)}


@pytest.mark.parametrize("strategy", KEPT)
def test_a_strategy_decides_at_which_size_a_picture_is_kept(tmp_path: Path, strategy: str) -> None:
    gradient(50, 20).save(tmp_path / "a.png")
    (picture,) = read_folder(tmp_path, Reading(strategy, load_size=36, crop_size=20)).pictures
    assert (picture.shape[1], picture.shape[0]) == KEPT[strategy]


def test_a_picture_smaller_than_the_crop_is_enlarged_to_it_with_its_aspect_kept(tmp_path: Path) -> None:
    gradient(40, 40).save(tmp_path / "large.png")
    gradient(30, 16).save(tmp_path / "small.png")
    folder = read_folder(tmp_path, Reading("crop", load_size=0, crop_size=32))
    assert [picture.shape for picture in folder.pictures] == [(40, 40, 3), (32, 60, 3)]


@pytest.mark.parametrize("strategy", ["crop", "patch"])
def test_a_crop_larger_than_every_picture_is_refused_with_what_would_do(tmp_path: Path, strategy: str) -> None:
    with pytest.raises(InputError, match=r"^--crop-size is 64, but every picture in .* at most 40, or use --strategy"):
        read_folder(picture_folder(tmp_path / "a"), Reading(strategy, load_size=0, crop_size=64))
    with pytest.raises(InputError, match=r"; use larger pictures, or use --strategy resize"):
        read_folder(picture_folder(tmp_path / "b", size=30), Reading(strategy, load_size=0, crop_size=64))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_have_the_asked_channels(tmp_path: Path, channels: int) -> None:
    folder = read_folder(picture_folder(tmp_path), Reading("resize", 36, 32, channels))
    assert folder.channels == channels
    assert {picture.shape for picture in folder.pictures} == {(36, 36, channels)}


def test_a_picture_that_would_become_far_too_long_is_skipped(tmp_path: Path) -> None:
    picture_folder(tmp_path, 1)
    gradient(4000, 1).save(tmp_path / "line.png")
    (skipped,) = read_folder(tmp_path, Reading("fit", 286, 32)).skipped
    assert skipped.name == "line.png"
    assert skipped.skipped == "The picture is far too long and narrow; cut it into pieces."


def test_distorted_pictures_are_told_under_resize_alone() -> None:
    folder = folder_of(noise(20, 40), noise(30, 40))
    reports = {name: "\n".join(folder_report(folder, Reading(name, 36, 20))) for name in ("resize", "fit")}
    assert "1 distorted by more than 1.5 (0.png): --strategy fit" in reports["resize"]
    assert "distorted" not in reports["fit"]


def test_equal_pictures_are_told() -> None:
    folder = folder_of(noise(32, 32), noise(32, 32, seed=1), noise(32, 32))
    assert list(folder_report(folder, TINY_READING))[-1] == "  the same picture: 0.png, 2.png"


def test_sizes_are_told_when_asked_for() -> None:
    folder = folder_of(noise(32, 40), noise(50, 60))
    assert "  40 x 32 to 60 x 50 pixels" in list(folder_report(folder, TINY_READING, sizes=True))


def test_few_pictures_and_shared_pictures_are_warned_of() -> None:
    many = folder_of(*(noise(32, 32, seed=seed) for seed in range(10)), name="many")
    one = folder_of(noise(32, 32, seed=3), name="one")
    few, shared = pair_report(many, one, TINY_READING)
    assert few.startswith("warning: one has 1 picture; CUT and FastCUT need 10 or more")
    assert shared == "warning: 1 picture of the source (3.png) are in the target too"
    assert list(pair_report(many, folder_of(noise(9, 9)), Reading("patch", 0, 32))) == []


def test_the_same_folder_by_two_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    with pytest.raises(InputError, match=r"^Source and target are both .*; name two different sets of pictures"):
        check_two_places(tmp_path / "folder", tmp_path / "link")


def test_the_same_pictures_as_source_and_target_are_refused() -> None:
    with pytest.raises(InputError, match=r"^Source and target hold the same pictures, in here and there; name"):
        check_two_sets(folder_of(noise(9, 9), name="here"), folder_of(noise(9, 9), name="there"))
