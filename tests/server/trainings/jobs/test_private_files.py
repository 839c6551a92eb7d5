"""What a server keeps of trainings is for nobody but its own user, whatever its umask."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pleinair.v1 import training_pb2 as pb
from pleinair.v1 import translation_pb2 as pb2

from tests.server.trainings.jobs.conftest import Serve
from tests.trainings import TARGET, ended, header, picture, picture_file, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(params=[0o000, 0o022])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


RGB8 = pb2.PixelFormat(channels=pb2.CHANNELS_RGB, sample_type=pb2.SAMPLE_TYPE_UINT8)


def modes(folder: Path) -> dict[str, int]:
    """Of everything that others may read, change or enter, by path."""
    found = {str(path): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    return {path: mode for path, mode in found.items() if mode & 0o077}


@pytest.mark.usefixtures("umask")
def test_a_training_leaves_nothing_that_others_may_read(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        job = start(connection.training)
        assert ended(connection.training, job.id).state == pb.TRAINING_STATE_FINISHED
        trainings = filters / "trainings"
        names = {path.name for path in trainings.rglob("*")}
        assert {".lock", "job.json", "log.txt", "config.json", "filter.onnx", "000-painting.png"} <= names
        assert modes(trainings) == {}


@pytest.mark.usefixtures("umask")
def test_pictures_that_are_named_by_path_or_sent_as_pixels_are_private_too(
    serve: Serve, filters: Path, tmp_path: Path
) -> None:
    (shared := tmp_path / "shared").mkdir()
    (shared / "painting.png").write_bytes(picture_file(1))
    pixels = pb.RawPixels(width=64, height=64, pixel_format=RGB8)
    frames = [
        header(),
        picture(pb.TrainingPicture.ROLE_SOURCE, path="painting.png"),
        picture(TARGET, pixels=pixels),
        pb.StartTrainingRequest(data=bytes(64 * 64 * 3)),
    ]
    with serve(training_pictures=shared) as connection:
        connection.training.StartTraining(iter(frames))
        assert modes(filters / "trainings") == {}


def test_a_folder_that_was_open_is_closed(serve: Serve, filters: Path) -> None:
    (trainings := filters / "trainings").mkdir(0o755)
    with serve():
        assert modes(trainings) == {}


def test_the_filter_is_as_readable_as_others_are(serve: Serve, filters: Path) -> None:
    before = os.umask(0o022)
    try:
        with serve() as connection:
            ended(connection.training, start(connection.training).id)
            assert stat.S_IMODE((filters / "etretat.onnx").stat().st_mode) == 0o644
    finally:
        os.umask(before)
