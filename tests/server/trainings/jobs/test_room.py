"""The files of trainings take no more disk than the operator allows, and none are deleted unasked."""

from __future__ import annotations

from pathlib import Path

from pleinair.v1 import training_pb2 as pb

from tests.contract.connection import failing
from tests.server.trainings.jobs.conftest import Serve
from tests.trainings import ended, get, start


def test_no_training_begins_while_the_others_take_too_much_until_one_is_deleted(serve: Serve, filters: Path) -> None:
    with serve(training_disk=1 << 20) as connection:
        job = start(connection.training)
        ended(connection.training, job.id)
        (large := filters / "trainings" / job.id / "run" / "large.bin").write_bytes(bytes(1 << 20))
        with failing() as failures:
            start(connection.training)
        assert (failures[0].reason, failures[0].code) == ("DISK_FULL", "RESOURCE_EXHAUSTED")
        assert "MiB, and the server keeps at most 1.0 MiB; delete trainings" in failures[0].sentence
        assert large.exists() and get(connection.training, job.id).state == pb.TRAINING_STATE_FINISHED
        connection.training.DeleteTraining(pb.DeleteTrainingRequest(id=job.id))
        assert (filters / "etretat.onnx").exists()
        ended(connection.training, start(connection.training).id)
