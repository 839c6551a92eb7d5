"""Painting to photo in the real Krita: a small network is really trained on the server, across a restart of Krita."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts.conftest import small_filters
from tests.hosts.editors import Editors
from tests.hosts.krita.playing import Played, install_driver, play
from tests.processes import serving
from tests.trainings import picture_file

pytestmark = pytest.mark.timeout(600)

# A network that learns next to nothing, and tells what it does every second; it does not end by itself.
_OPTIONS = (
    *("width=4", "blocks=1", "discriminator-width=4", "crop-size=32", "batch=2", "images=100000"),
    *("preview-seconds=1", "checkpoint-seconds=1"),
)


@dataclass(frozen=True)
class TwoLives:
    first: Played
    second: Played


@pytest.fixture(scope="module")
def krita(
    editors: Editors, krita_zip: Path, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwoLives]:
    """Krita begins a training, is closed, and is started again in the same home."""
    filters = small_filters(tmp_path_factory.mktemp("painting"))
    with editors.profile() as profile, serving(filters) as server:
        editors.install_krita(krita_zip, profile)
        install_driver(profile)
        (profile.home / "photo.png").write_bytes(picture_file(2, size=96))
        (profile.home / "notes.txt").write_text("Not a picture at all.")
        settings = {"training_preset": "sincut", "training_options": list(_OPTIONS)}
        folder = editors.inside(profile.home)
        first = play(
            editors,
            profile,
            ["painting_begins"],
            server=server,
            artifacts=artifacts,
            seconds=240,
            settings=settings,
            folder=folder,
        )
        second = play(
            editors, profile, ["painting_goes_on"], server=server, artifacts=artifacts, seconds=300, folder=folder
        )
        yield TwoLives(first, second)


def test_the_active_layer_is_the_painting_and_its_selection_is_told(krita: TwoLives) -> None:
    seen = krita.first["painting_begins"]
    assert seen["source"] == "Layer “Cliffs” of picture, the rectangle around the selection"
    assert seen["title"] == "Cliffs"
    assert seen["start without photo"] is False


def test_a_file_that_is_no_picture_is_refused_in_words(krita: TwoLives) -> None:
    assert krita.first["painting_begins"]["refused"].startswith("The file notes.txt is not a PNG, JPEG or WebP picture")


def test_layers_and_files_are_learned_from_and_the_selected_part_is_seen(krita: TwoLives) -> None:
    seen = krita.first["painting_begins"]
    assert seen["job"] == {
        "sources": ["Cliffs"],
        "targets": ["photo.png", "Seen from a boat"],
        "filter": "etretat",
    }
    assert seen["preview"] == [72, 72, 72]


def test_what_was_learned_so_far_makes_a_layer_above_the_painting_in_one_undo_step(krita: TwoLives) -> None:
    seen = krita.first["painting_begins"]
    assert seen["names"] == ["Background", "Cliffs", "Étretat: Cliffs", "Seen from a boat"]
    assert seen["steps"] == 1
    assert seen["said"].startswith("Translation: Done in ")
    assert seen["other"]


def test_a_training_goes_on_while_krita_is_closed_and_is_found_again(krita: TwoLives) -> None:
    before, after = krita.first["painting_begins"], krita.second["painting_goes_on"]
    assert before["note"].startswith("Trainings continue when this window or Krita is closed. ")
    assert after["title"] == "Étretat"
    assert after["images"] > before["images"]


def test_a_second_one_waits_for_its_turn_and_is_cancelled_when_that_is_confirmed(krita: TwoLives) -> None:
    seen = krita.second["painting_goes_on"]
    assert (seen["waits"], seen["list"]) == ("Waiting for its turn", 3)
    assert seen["asked"] and seen["can resume"]


def test_a_stopped_training_is_translated_with_and_deleted_and_its_filter_stays(krita: TwoLives) -> None:
    seen = krita.second["painting_goes_on"]
    assert seen["button"] == "Translate &with it"
    assert seen["names"] == ["Background", "Cliffs", "Étretat: Cliffs", "Seen from a boat"]
    assert seen["form"] and seen["kept"] == ""
    assert seen["filter stays"]
