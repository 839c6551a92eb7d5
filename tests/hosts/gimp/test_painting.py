"""A filter is trained from inside GIMP, by a real trainer on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugins.client import Endpoint, TrainingClient
from plugins.client.messages import TrainingState
from server.config import TrainingMode
from tests import factories
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import settle, wait_until
from tests.plugins.training_servers import LONG, training_server
from tests.processes import serving

PAINTING = "^Painting to photo$"
# A network of a few weights that learns until it is stopped.
_TINY = ("width=1", "blocks=4", "discriminator-width=1", "head-width=8", "crop-size=32", "batch=4", "images=1000000")
_PATIENCE, _PRESSES = 6.0, 15  # seconds for each
REAL = (*_TINY, "preview-seconds=2", "checkpoint-seconds=2")


@dataclass(frozen=True)
class Studio(Desk):
    """GIMP, whose settings name a server that trains, and a client of that."""

    trainings: TrainingClient

    def choose(self, *options: str, training: str = "") -> None:
        """How trainings that are started go, and which one is followed."""
        address = self.trainings.endpoint.address
        settings = {"training_preset": "sincut", "training_options": options, "training": training}
        settle(self.gimp.profile, address=address, **settings)

    def state(self, training: str) -> int:
        """0 where there is none."""
        return next((job.state for job in self.trainings.list_trainings() if job.id == training), 0)

    def target_names(self, training: str) -> list[str]:
        job = self.trainings.get_training(training).job
        return list(job.target_names) if job else []

    def press_until(self, key: str, window: str, holds: Callable[[], bool], what: str) -> None:
        """A key does nothing before the window knows that what it asks for is possible; then it is pressed again."""
        for _ in range(_PRESSES):
            with suppress(AssertionError):  # the window has gone meanwhile
                self.screen.key(key, window=window)
            with suppress(AssertionError):
                wait_until(holds, self.gimp, _PATIENCE, what)
                return
        raise AssertionError(f"{key} did not bring the {what}.")

    def agree(self, key: str, window: str, path: Path) -> None:
        """Presses a key, and the same again in the question that comes."""
        before = set(self.windows())
        self.press_until(key, window, lambda: bool(set(self.windows()) - before), "question")
        (question,) = set(self.windows()) - before
        self.screen.screenshot(path)
        self.screen.key(key, window=question)

    def choose_file(self, window: str, path: str) -> None:
        """As a photo to learn from."""
        self.screen.key("alt+f", window=window)
        chooser = self.screen.window("^Photos to learn from$")
        shot = self.gimp.profile.home / "chooser.png"
        wait_until(lambda: self.still(shot), self.gimp, 30, "quiet window")
        before = shot.read_bytes()
        self.screen.key("slash", window=chooser)  # a path is typed
        wait_until(lambda: self.screen.screenshot(shot).read_bytes() != before, self.gimp, 30, "place for a path")
        self.screen.key("ctrl+a")
        self.screen.type(path)
        self.press_until("Return", chooser, lambda: chooser not in self.windows(), "end of the file chooser")

    def windows(self) -> list[str]:
        names = "^(Painting to photo|Photos to learn from)$"
        return self.screen.xdotool("search", "--onlyvisible", "--name", names).split()


@pytest.fixture
def real(desk: Desk, tmp_path: Path) -> Iterator[Studio]:
    with serving(tmp_path, "--training", "on") as server, TrainingClient(Endpoint(server.address)) as client:
        yield Studio(desk.gimp, desk.screen, client)


@pytest.fixture
def quick(desk: Desk, tmp_path: Path) -> Iterator[Studio]:
    """Its trainer learns nothing: each of its filters inverts."""
    with training_server(tmp_path) as server, TrainingClient(Endpoint(server.address)) as client:
        yield Studio(desk.gimp, desk.screen, client)


@pytest.fixture
def photo(desk: Desk) -> str:
    """A picture's path, as GIMP sees it."""
    path = desk.gimp.profile.home / "photo.png"
    Image.fromarray(noise("U8", 3, size=(90, 70), seed=2)).save(path)
    return desk.gimp.inside(path)


def test_a_painting_is_trained_while_one_looks_and_while_one_does_not(
    real: Studio, photo: str, artifacts: Path
) -> None:
    gimp = real.gimp
    real.choose(*REAL)
    source = noise("U8", 3, size=(320, 300))
    image, layer = real.open(source, "U8_NON_LINEAR")
    window = real.open_entry("p", PAINTING)
    real.choose_file(window, photo)
    wait_until(lambda: real.still(artifacts / "gimp-painting-new.png"), gimp, 30, "list of files")
    real.press_until("alt+s", window, lambda: bool(real.trainings.list_trainings()), "training")
    wait_until(lambda: real.pictured(artifacts / "gimp-painting-running.png"), gimp, 90, "preview")
    real.screen.key("alt+o", window=window)
    wait_until(lambda: not gimp.plugins_running(), gimp, 30, "end of the window")
    (job,) = real.trainings.list_trainings()
    assert job.state == TrainingState.RUNNING
    assert (job.title, job.source_names, job.target_names) == ("layer", ["layer"], ["photo.png"])
    window = real.open_entry("p", PAINTING)
    wait_until(lambda: real.pictured(artifacts / "gimp-painting-again.png"), gimp, 60, "preview")
    real.press_until("alt+u", window, real.counts(image, 2), "layer made with what was learned")
    above = gimp.layers(image=image)[0]
    assert (above["origin"]["filter"], above["origin"]["source"]) == (job.filter_id, "layer")
    assert np.abs(real.pixels(above["id"], source).astype(int) - source).mean() > 1
    np.testing.assert_array_equal(real.pixels(layer, source), source)
    assert real.state(job.id) == TrainingState.RUNNING
    real.agree("alt+c", window, artifacts / "gimp-painting-question.png")
    wait_until(lambda: real.state(job.id) == TrainingState.CANCELLED, gimp, 60, "cancelled training")
    real.escape(window)


def test_one_that_waits_is_resumed_stopped_used_and_deleted(quick: Studio, photo: str, artifacts: Path) -> None:
    """Scripts start it and one before it, with a layer and with a file to learn from."""
    gimp = quick.gimp
    quick.choose(f"images={LONG}")
    source = noise("U8", 3, size=(96, 80))
    image, _ = quick.open(source, "U8_NON_LINEAR")
    layer = quick.layer(image, source, name="shore", place=(0, 0))  # there is no other of this name
    other = quick.layer(image, noise("U8", 4, size=(90, 70)), name="sea")
    status, first = gimp.start_training(image=image, drawables=[layer], target=other, title="One", preset="sincut")
    assert status == "SUCCESS"
    assert quick.target_names(first) == ["sea"]
    _, second = gimp.start_training(image=image, drawables=[layer], target_files=[photo], preset="sincut")
    assert quick.target_names(second) == ["photo.png"]
    quick.choose(training=second)
    window = quick.open_entry("p", PAINTING)
    wait_until(lambda: quick.still(artifacts / "gimp-painting-waiting.png"), gimp, 30, "quiet window")
    assert quick.state(second) == TrainingState.QUEUED
    quick.agree("alt+c", window, artifacts / "gimp-painting-question.png")
    wait_until(lambda: quick.state(second) == TrainingState.CANCELLED, gimp, 30, "cancelled training")
    quick.press_until("alt+r", window, lambda: quick.state(second) == TrainingState.QUEUED, "resumed training")
    quick.trainings.cancel_training(first)
    quick.press_until("alt+s", window, lambda: quick.state(second) == TrainingState.FINISHED, "stopped training")
    quick.press_until("alt+w", window, quick.counts(image, 4), "translation")
    above, made, below, _ = (found["id"] for found in gimp.layers(image=image))
    assert (above, below) == (other, layer)
    np.testing.assert_array_equal(quick.pixels(made, source), 255 - source)
    quick.screen.screenshot(artifacts / "gimp-painting-finished.png")
    quick.agree("alt+d", window, artifacts / "gimp-painting-delete.png")
    wait_until(lambda: quick.state(second) == 0, gimp, 30, "deleted training")
    quick.escape(window)


def test_what_made_a_training_fail_is_said_and_it_goes_on(quick: Studio, photo: str, artifacts: Path) -> None:
    gimp = quick.gimp
    quick.choose(f"images={LONG}", "description=fail")
    image, layer = quick.open(noise("U8", 3, size=(96, 80)), "U8_NON_LINEAR")
    _, training = gimp.start_training(image=image, drawables=[layer], target_files=[photo], preset="sincut")
    wait_until(lambda: quick.state(training) == TrainingState.FAILED, gimp, 60, "failure")
    quick.choose(training=training)
    window = quick.open_entry("p", PAINTING)
    wait_until(lambda: quick.still(artifacts / "gimp-painting-failed.png"), gimp, 30, "quiet window")
    quick.press_until("alt+r", window, lambda: quick.state(training) == TrainingState.RUNNING, "resumed training")
    quick.escape(window)


def test_what_keeps_a_training_from_starting_is_said(
    desk: Desk, photo: str, free_address: str, tmp_path: Path, artifacts: Path
) -> None:
    gimp = desk.gimp
    image, layer = desk.open(noise("U8", 3, size=(96, 80)), "U8_NON_LINEAR")

    def said(**arguments: Any) -> str:
        status, sentences = gimp.start_training(image=image, drawables=[layer], **arguments)
        assert status == "EXECUTION_ERROR"
        return str(sentences)

    assert said() == "No photo was given. Give files in the argument “target-files”, or a layer in “target”."
    assert said(target_files=["/etc/hostname"]).startswith("The file hostname is not a PNG, JPEG or")
    assert said(target_files=[photo], address=free_address).startswith(f"No server answers at {free_address}")
    factories.put(tmp_path, factories.identity())
    with factories.running_server(tmp_path, training=TrainingMode.OFF) as server:
        settle(gimp.profile, address=server.address)
        assert said(target_files=[photo]).startswith(
            "Filters cannot be trained on this server. This server does not train;"
        )
        window = desk.open_entry("p", PAINTING)
        wait_until(lambda: desk.still(artifacts / "gimp-painting-unavailable.png"), gimp, 30, "quiet window")
        desk.escape(window)
