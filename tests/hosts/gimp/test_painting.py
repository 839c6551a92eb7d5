"""A filter is trained from inside GIMP, by a real trainer on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugins.client import Endpoint, TrainingClient
from plugins.client.messages import TrainingJob, TrainingState
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import settle, wait_until
from tests.processes import ServerProcess, serving

# A network of a few weights that learns until it is stopped.
_TINY = ("width=1", "blocks=4", "discriminator-width=1", "head-width=8", "crop-size=32", "batch=4", "images=1000000")
OPTIONS = (*_TINY, "preview-seconds=1", "checkpoint-seconds=1")


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("filters"), "--training", "on") as server:
        yield server


@pytest.fixture
def trainings(trainer: ServerProcess) -> Iterator[TrainingClient]:
    with TrainingClient(Endpoint(trainer.address)) as client:
        yield client


def test_dev(desk: Desk, trainer: ServerProcess, trainings: TrainingClient, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    settle(gimp.profile, address=trainer.address, training_preset="sincut", training_options=OPTIONS)
    photo = gimp.profile.home / "photo.png"
    Image.fromarray(noise("U8", 3, size=(90, 70), seed=2)).save(photo)
    source = noise("U8", 3, size=(96, 80))
    image, layer = desk.open(source, "U8_NON_LINEAR")
    window = desk.open_entry("p", "^Painting to photo$")
    wait_until(lambda: desk.still(artifacts / "p0.png"), gimp, 30, "quiet")
    screen.key("alt+f", window=window)
    chooser = screen.window("^Photos to learn from$")
    screen.key("slash", window=chooser)
    wait_until(lambda: desk.still(artifacts / "p1.png"), gimp, 30, "quiet")
    screen.key("ctrl+a")
    screen.type(gimp.inside(photo))
    screen.screenshot(artifacts / "p1.png")
    screen.key("Return", window=chooser)
    wait_until(lambda: desk.still(artifacts / "p2.png"), gimp, 30, "quiet")
    screen.key("alt+s", window=window)
    wait_until(lambda: bool(trainings.list_trainings()), gimp, 30, "training")
    screen.screenshot(artifacts / "p3.png")
    (job,) = trainings.list_trainings()
    wait_until(lambda: trainings.list_trainings()[0].can_export, gimp, 60, "weights")
    import time
    time.sleep(3)
    print(trainings.get_training(job.id))
    screen.screenshot(artifacts / "p4.png")
    screen.key("alt+u", window=window)
    time.sleep(1)
    screen.screenshot(artifacts / "p5.png")
    wait_until(desk.counts(image, 2), gimp, 60, "layer")
    time.sleep(1)
    screen.screenshot(artifacts / "p6.png")
    screen.key("alt+c", window=window)
    time.sleep(1)
    screen.screenshot(artifacts / "p7.png")
    (question,) = set(screen.xdotool("search", "--onlyvisible", "--name", "^Painting to photo$").split()) - {window}
    screen.key("alt+c", window=question)
    wait_until(lambda: trainings.list_trainings()[0].state == TrainingState.CANCELLED, gimp, 60, "cancelled")
    time.sleep(2)
    screen.screenshot(artifacts / "p8.png")
