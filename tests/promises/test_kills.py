"""A server that is killed at any moment, in the middle of trainings and translations, loses nothing that was kept."""

from __future__ import annotations

import json
import random
import threading
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from pleinair.v1 import training_pb2 as pb

from tests import factories
from tests.contract.connection import Connection
from tests.promises.length import counted
from tests.real_trainings import SECONDS, TINY, training_server
from tests.trainings import ended, eventually, is_free, learning, processes_with, start, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the trainer's processes are looked for in /proc"),
]

KILLS = counted(short=2, long=10)
PICTURE = np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little to compute is slower in several."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_training_goes_on_after_every_kill_and_its_filter_translates(tmp_path: Path) -> None:
    moments = random.Random(13)
    factories.put(tmp_path, factories.slow())
    job = first_training(tmp_path)
    trainings = tmp_path / "trainings"
    for kill in range(1, KILLS):
        with training_server(tmp_path) as (server, connection):
            kept = images_kept(trainings / job.id)
            assert kept > 0

            def goes_on(
                job: pb.TrainingJob, kept: int = kept
            ) -> bool:  # before the trainer speaks, the server knows what it wrote
                return learning(job) and bool(job.device) and job.images_seen >= kept

            again = until(connection.training, job.id, goes_on, SECONDS)
            assert again.restarts == kill
            translating = in_the_background(connection)
            time.sleep(moments.uniform(0.0, 1.5))
            server.kill()
            translating.join(20)
        check_left(trainings, job.id)
    with training_server(tmp_path) as (_, connection):
        until(connection.training, job.id, lambda job: job.restarts == KILLS and bool(job.device), SECONDS)
        connection.training.CancelTraining(pb.CancelTrainingRequest(id=job.id, keep_filter=True))
        last = ended(connection.training, job.id, SECONDS)
        assert (last.state, last.filter_ready) == (pb.TRAINING_STATE_FINISHED, True)
        assert connection.translate("etretat", PICTURE[:20, :30]).std() > 0


def first_training(folder: Path) -> pb.TrainingJob:
    """One that has a checkpoint when its server is killed."""
    with training_server(folder) as (server, connection):
        job = start(connection.training, images=1_000_000, **TINY)
        until(connection.training, job.id, learning, SECONDS)
        server.kill()
    check_left(folder / "trainings", job.id)
    return job


def in_the_background(connection: Connection) -> threading.Thread:
    """A picture on its way, whose call breaks off with the server."""

    def translate() -> None:
        with pytest.raises(grpc.RpcError):
            connection.translate("slow", PICTURE)

    thread = threading.Thread(target=translate)
    thread.start()
    return thread


def images_kept(folder: Path) -> int:
    """How many images the latest checkpoint has seen."""
    return max(int(path.stem.removeprefix("images-")) for path in (folder / "run" / "checkpoints").glob("images-*.pt"))


def check_left(trainings: Path, job_id: str) -> None:
    """The job is whole, its processes end by themselves, and there is one training and no draft of another."""
    told: dict[str, Any] = json.loads((trainings / job_id / "job.json").read_text())
    assert (told["id"], told["state"]) == (job_id, "running")
    eventually(lambda: is_free(trainings / job_id / "log.txt"), SECONDS)
    assert processes_with(trainings / job_id / "log.txt") == []
    assert sorted(path.name for path in trainings.iterdir()) == [".lock", job_id]
