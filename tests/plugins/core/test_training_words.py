"""What an artist reads about a training."""

from __future__ import annotations

from pathlib import Path

import pytest
from pleinair.common.training_options import PRESETS as SERVERS

from plugins.client import ClientError
from plugins.client.messages import TrainingJob, TrainingState
from plugins.core import training_words as words
from plugins.core.training_wish import (
    LONGEST_TITLE,
    PRESETS,
    QUICK,
    TrainingWish,
    check_file,
    check_size,
    file_to_send,
    options_from,
    preset_title,
    preset_words,
)
from tests.trainings import picture_file

RUNNING = TrainingJob(state=TrainingState.RUNNING, images_seen=250, images_total=1000, device="cpu")


@pytest.mark.parametrize(
    ("job", "line"),
    [
        (TrainingJob(state=TrainingState.QUEUED), "Waiting for its turn"),
        (TrainingJob(state=TrainingState.QUEUED, queue_position=1), "1 training is ahead."),
        (TrainingJob(state=TrainingState.QUEUED, queue_position=3), "3 trainings are ahead."),
        (TrainingJob(state=TrainingState.RUNNING), "Getting ready…"),
        (RUNNING, "Training on the processor"),
        (
            TrainingJob(state=TrainingState.RUNNING, images_seen=1, device="cuda:0"),
            "Training on the graphics card",
        ),
        (TrainingJob(state=TrainingState.RUNNING, images_seen=1, device="mps"), "Training on mps"),
        (TrainingJob(state=TrainingState.FINISHED), "Finished: its filter is in the list of filters."),
        (TrainingJob(state=TrainingState.CANCELLED), "Cancelled."),
        (TrainingJob(state=TrainingState.CANCELLED, can_export=True), "Cancelled; what it had learned was kept."),
        (TrainingJob(state=TrainingState.FAILED, problem="Too dull."), "Too dull."),
    ],
)
def test_the_state_is_a_sentence(job: TrainingJob, line: str) -> None:
    assert words.state_line(job) == line


def test_the_share_is_known_or_not_made_up() -> None:
    assert words.fraction(TrainingJob(state=TrainingState.RUNNING)) is None
    assert words.fraction(RUNNING) == 0.25
    assert words.fraction(TrainingJob(state=TrainingState.FINISHED)) == 1.0


def test_times_are_as_exact_as_they_are_known() -> None:
    assert [words.elapsed_line(RUNNING, seconds) for seconds in (7, 127.9, 3723)] == [
        "0:07 so far",
        "2:07 so far",
        "1:02:03 so far",
    ]
    assert [words.left_line(RUNNING, seconds) for seconds in (None, 3, 42, 300, 9000)] == [
        "time left not known yet",
        "about 10 s left",
        "about 40 s left",
        "about 5 min left",
        "about 2.5 h left",
    ]
    over = TrainingJob(state=TrainingState.FINISHED)
    assert (words.elapsed_line(over, 7), words.left_line(over, None)) == ("0:07 in all", "")


def test_one_line_has_all_that_is_known_of_the_time() -> None:
    waiting = TrainingJob(state=TrainingState.QUEUED)
    assert words.time_line(waiting, 0, None) == ""
    assert words.time_line(RUNNING, 7, 42) == "0:07 so far, about 40 s left, 250 of 1000 pieces seen"


def test_a_list_names_each_training_with_its_state() -> None:
    assert words.list_line(TrainingJob(id="a", title="Étretat", state=TrainingState.FAILED)) == "Étretat: failed"
    assert words.list_line(TrainingJob(id="a", state=TrainingState.RUNNING)) == "a: training"
    assert words.list_line(TrainingJob(id="a", state=TrainingState.RUNNING, images_seen=1, images_total=4)) == "a: 25 %"


def test_losses_and_pictures_are_named() -> None:
    job = TrainingJob(losses={"nce": 3.14159, "d": 0.5}, source_names=["Background"], target_names=["a.jpg", "b.jpg"])
    assert words.losses_line(job) == "Losses: d\u00a00.50  nce\u00a03.14"
    assert words.pictures_line(job) == "From “Background” to “a.jpg, b.jpg”"
    assert words.losses_line(TrainingJob()) == words.pictures_line(TrainingJob()) == ""


def test_each_preset_says_how_long_it_takes() -> None:
    assert all(preset_title(preset) != preset and "on a processor" in preset_words(preset) for preset in PRESETS)


def test_a_title_is_one_that_servers_take() -> None:
    titles = ["  Falaise\u00a0:\nÉtretat \udce9", "\t", "a" * 120]
    told = [TrainingWish(title, QUICK, [], []).header.title for title in titles]
    assert told == ["Falaise : Étretat", "Painting to photo", "a" * LONGEST_TITLE]


def test_too_few_pixels_are_refused_before_they_are_sent() -> None:
    check_size("Cliffs", 64, 64)
    with pytest.raises(ClientError, match=r"“Cliffs” has only 900 x 63 pixels to learn from\. At least 64 x 64"):
        check_size("Cliffs", 900, 63)


def test_options_of_the_settings_file_are_taken_by_name() -> None:
    assert options_from(("images=20", "description=a=b", "nonsense")) == {"images": "20", "description": "a=b"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_files_of_these_kinds_are_sent_whole(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "photo.any"
    file.write_bytes(picture_file(1, kind=kind))
    check_file(file)
    assert (file_to_send(file).name, file_to_send(file).data) == ("photo.any", file.read_bytes())


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(20), b"RIFF1234WAVEfmt "])
def test_other_files_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(data)
    for refuse in (check_file, file_to_send):
        with pytest.raises(ClientError, match=r"photo\.png is not a PNG, JPEG or WebP picture\. Save"):
            refuse(file)


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"cannot be read \(No such file or directory\)\."):
        check_file(tmp_path / "gone.png")


def test_the_presets_are_those_that_servers_offer() -> None:
    assert PRESETS == SERVERS
