"""The list of photos to learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.core.gathering import ChosenTarget
from plugins.core.presenters.target_list import TargetListPresenter
from plugins.core.problems import Problem
from tests.trainings import picture_file


def listed() -> tuple[TargetListPresenter, list[ChosenTarget]]:
    shown: list[ChosenTarget] = []
    return TargetListPresenter(shown.append), shown


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for seed, path in enumerate(paths):
        path.write_bytes(picture_file(seed))
    return paths


def test_a_photo_is_added_once(photos: list[Path]) -> None:
    presenter, shown = listed()
    presenter.add(photos[0])
    presenter.add(photos[0])
    assert presenter.targets == shown == [photos[0]]


def test_of_several_files_those_are_added_that_are_pictures(photos: list[Path], tmp_path: Path) -> None:
    presenter, shown = listed()
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    with pytest.raises(Problem, match=r"notes\.txt"):
        presenter.add_files(map(str, (photos[0], notes, photos[1])))
    assert presenter.targets == shown == photos[:2]


def test_rows_are_removed_from_the_last_to_the_first(photos: list[Path]) -> None:
    presenter, _shown = listed()
    presenter.add_files(map(str, photos))
    assert presenter.remove([0, 2]) == [2, 0]
    assert presenter.targets == [photos[1]]


def test_the_files_that_are_offered_are_named() -> None:
    assert listed()[0].kinds == "Pictures (*.png *.jpg *.jpeg *.jpe *.jfif *.webp)"
