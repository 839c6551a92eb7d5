"""A disk of 4 MB: what does not fit is said in words, what was kept stays whole, and with room again all goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pleinair.v1 import training_pb2 as pb

from tests import factories
from tests.contract.connection import Connection, failing
from tests.promises.small_disk import can_mount
from tests.real_trainings import SECONDS, TINY, training_server
from tests.trainings import SOURCE, ended, frames, learning, picture, start, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_mount(), reason="this machine does not let us mount a small disk"),
]

MIB = 1 << 20
PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """So little to compute is slower in several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Iterator[tuple[Path, Connection]]:
    """The server's small disk as it sees it, and a connection to it."""
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    program = ("-m", "tests.promises.small_disk", "4")
    with training_server(folder, program=program) as (server, connection):
        yield Path(f"/proc/{server.process.pid}/root{folder}"), connection


def test_pictures_that_do_not_fit_are_refused_and_leave_nothing(served: tuple[Path, Connection]) -> None:
    disk, connection = served

    def large() -> Iterator[pb.StartTrainingRequest]:
        yield frames()[0]
        yield picture(SOURCE, file_bytes=8 * MIB)
        for _ in range(8):
            yield pb.StartTrainingRequest(data=bytes(MIB))

    with failing() as failures:
        connection.training.StartTraining(large(), timeout=SECONDS)
    assert (failures[0].reason, failures[0].code) == ("DISK_FULL", "RESOURCE_EXHAUSTED")
    assert "The server's disk has no room left for the pictures; make room there" in failures[0].sentence
    assert [path.name for path in (disk / "trainings").iterdir()] == [".lock"]


def fill(disk: Path, *, left: int) -> Path:
    """Takes all room but so many bytes, which is enough for anything but a checkpoint."""
    state = os.statvfs(disk)
    (filling := disk / "filling.bin").write_bytes(bytes(state.f_bavail * state.f_frsize - left))
    return filling


def test_a_checkpoint_that_does_not_fit_ends_the_training_in_words_and_room_lets_it_go_on(
    served: tuple[Path, Connection],
) -> None:
    disk, connection = served
    job = start(connection.training, images=1_000_000, **TINY)
    filling = fill(disk, left=64 << 10)
    failed = ended(connection.training, job.id, SECONDS)
    assert failed.state == pb.TRAINING_STATE_FAILED
    assert "cannot be written (No space left on device); make room and resume the run" in failed.problem
    assert str(disk) not in failed.problem and "/tmp" not in failed.problem
    assert json.loads((disk / "trainings" / job.id / "job.json").read_text())["state"] == "failed"
    np.testing.assert_array_equal(connection.translate("identity", PICTURE), PICTURE)

    filling.unlink()
    connection.training.ResumeTraining(pb.ResumeTrainingRequest(id=job.id))
    until(connection.training, job.id, learning, SECONDS)
    connection.training.CancelTraining(pb.CancelTrainingRequest(id=job.id))
    ended(connection.training, job.id, SECONDS)
