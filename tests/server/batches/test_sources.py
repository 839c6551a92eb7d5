from __future__ import annotations

from pathlib import Path

import pytest
from pleinair.common.suffixes import SERVED

from server.batches.sources import Found, find_pictures
from server.errors import UsageError


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(name.encode())


def names_of(found: Found) -> list[str]:
    return [source.path.as_posix() for source in found.sources]


HIDDEN = (".hidden.png", ".thumbnails/t.png", "@eaDir/x.jpg", "a.png~", "Thumbs.db")


def test_of_a_folder_everything_left_out_is_counted() -> None:
    files("in/a.png", "in/a.HEIC_", "in/b.heic_", "in/c.txt", "in/README", "in/one/x.png", "in/two/x.png")
    files(*(f"in/{name}" for name in HIDDEN))
    found = find_pictures("in", SERVED)
    assert names_of(found) == ["in/a.png"]
    assert found.left_out == (
        "Left out of in: 4 files of kinds that are not read: 2 .heic_, 1 without a suffix, 1 .txt; 5 hidden files; 2"
        " subfolders; the pattern 'in/**' takes subfolders too."
    )


def test_nothing_is_said_where_nothing_is_left_out() -> None:
    files("in/a.png", "in/b.jfif")
    assert find_pictures("in", SERVED).left_out == ""


def test_a_folder_without_pictures_says_what_it_holds() -> None:
    files("in/a.txt", "in/deeper/a.png")
    with pytest.raises(UsageError) as caught:
        find_pictures("in", SERVED)
    assert str(caught.value) == (
        "The folder in holds no pictures, but 1 file of kinds that are not read: 1 .txt; 1 subfolder."
    )


@pytest.mark.parametrize("pattern", ["nest/**", "nest/**/*", "nest/**/*.png", "./nest/**/*.p?g"])
def test_two_stars_take_all_subfolders(pattern: str) -> None:
    files("nest/a.png", "nest/b/c.png", "nest/b/d/e/f.png")
    found = find_pictures(pattern, SERVED)
    assert names_of(found) == ["nest/a.png", "nest/b/c.png", "nest/b/d/e/f.png"]
    assert [source.place.as_posix() for source in found.sources] == ["a.png", "b/c.png", "b/d/e/f.png"]


def test_two_stars_leave_out_hidden_folders_and_other_kinds() -> None:
    files("nest/b/a.png", "nest/b/notes.txt", *(f"nest/b/{name}" for name in HIDDEN))
    found = find_pictures("nest/**", SERVED)
    assert names_of(found) == ["nest/b/a.png"]
    assert found.left_out == "Left out of nest/**: 1 file of kinds that are not read: 1 .txt; 3 hidden files."


def test_a_hidden_folder_that_is_named_is_meant() -> None:
    files(".private/a.png", ".private/b/c.png", ".private/.git/d.png")
    assert names_of(find_pictures(".private", SERVED)) == [".private/a.png"]
    assert names_of(find_pictures(".private/**", SERVED)) == [".private/a.png", ".private/b/c.png"]


def test_results_below_the_sources_are_no_sources() -> None:
    files("nest/a.png", "nest/done/a.png", "nest/done/b/c.png")
    found = find_pictures("nest/**", SERVED, Path("nest/done"))
    assert names_of(found) == ["nest/a.png"]
    assert found.left_out == "Left out of nest/**: 2 files among the results."
    assert len(find_pictures("nest/**", SERVED, Path("nest")).sources) == 3
    assert len(find_pictures("nest/**", SERVED, Path("elsewhere")).sources) == 3


def test_a_pattern_that_names_a_suffix_takes_what_it_matches() -> None:
    files("in/a.dat", "in/b.dat")
    assert names_of(find_pictures("in/*.dat", SERVED)) == ["in/a.dat", "in/b.dat"]


def test_a_pattern_of_one_level_takes_files_of_that_level_by_their_names_alone() -> None:
    files("one/a.png", "two/b.png", "two/deeper/c.png", "two/d.txt")
    found = find_pictures("*/*", SERVED)
    assert [source.place.as_posix() for source in found.sources] == ["a.png", "b.png"]
    assert found.left_out == "Left out of */*: 1 file of kinds that are not read: 1 .txt."


def test_links_that_lead_in_a_circle_end_and_give_each_file_once() -> None:
    files("nest/b/a.png")
    Path("nest/b/round").symlink_to(Path("nest").resolve(), target_is_directory=True)
    assert names_of(find_pictures("nest/**", SERVED)) == ["nest/b/a.png"]


def test_a_name_that_looks_like_a_pattern_and_is_there_is_meant() -> None:
    files("a[1]/x.png", "b[2].png")
    assert names_of(find_pictures("a[1]", SERVED)) == ["a[1]/x.png"]
    assert names_of(find_pictures("b[2].png", SERVED)) == ["b[2].png"]


def test_a_name_that_no_file_can_have_is_refused_in_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(File name too long\); check its name and its permissions"):
        find_pictures("a" * 5000, SERVED)
