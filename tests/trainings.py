"""Trainings as a client asks for them."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pleinair.v1 import training_pb2 as pb
from pleinair.v1.training_pb2_grpc import TrainingServiceStub

from server.trainings.jobs.locks import Held, hold

SOURCE, TARGET = pb.TrainingPicture.ROLE_SOURCE, pb.TrainingPicture.ROLE_TARGET
SECONDS = 60.0


def picture_file(seed: int, size: int = 80, kind: str = "PNG") -> bytes:
    """Coarse noise in colour."""
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8, endpoint=True)
    file = io.BytesIO()
    Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


def header(title: str = "Étretat", *, preset: str = "sincut", request_id: str = "", **options: object) -> Any:
    given = {name: str(value) for name, value in options.items()}
    return pb.StartTrainingRequest(
        header=pb.TrainingHeader(title=title, preset=preset, request_id=request_id, options=given)
    )


def picture(role: Any, name: str = "picture.png", **content: Any) -> pb.StartTrainingRequest:
    return pb.StartTrainingRequest(picture=pb.TrainingPicture(role=role, name=name, **content))


def encoded(role: Any, data: bytes, name: str = "picture.png", chunk: int = 1000) -> Iterator[pb.StartTrainingRequest]:
    yield picture(role, name, file_bytes=len(data))
    for start in range(0, len(data), chunk):
        yield pb.StartTrainingRequest(data=data[start : start + chunk])


def frames(title: str = "Étretat", **header_values: Any) -> list[pb.StartTrainingRequest]:
    """A whole request, of one painting and one photo."""
    first = header(title, **header_values)
    first.header.picture_count = 2
    pictures = (*encoded(SOURCE, picture_file(1), "painting.png"), *encoded(TARGET, picture_file(2), "photo.png"))
    return [first, *pictures]


def start(stub: TrainingServiceStub, title: str = "Étretat", **header_values: Any) -> pb.TrainingJob:
    return stub.StartTraining(iter(frames(title, **header_values)), timeout=SECONDS).job


def get(stub: TrainingServiceStub, job_id: str) -> pb.TrainingJob:
    return stub.GetTraining(pb.GetTrainingRequest(id=job_id), timeout=SECONDS).job


def watch(
    stub: TrainingServiceStub, job_id: str, *, seconds: float = SECONDS, **request: Any
) -> Iterator[pb.WatchTrainingResponse]:
    return iter(stub.WatchTraining(pb.WatchTrainingRequest(id=job_id, **request), timeout=seconds))


def learning(job: pb.TrainingJob) -> bool:
    """Whether it has weights that could be kept."""
    return job.can_export and job.images_seen >= 3


def until(
    stub: TrainingServiceStub, job_id: str, holds: Callable[[pb.TrainingJob], bool], seconds: float = SECONDS
) -> pb.TrainingJob:
    """The job as soon as something holds of it."""
    last = None
    for news in stub.WatchTraining(pb.WatchTrainingRequest(id=job_id, omit_previews=True), timeout=seconds):
        last = news.job
        if holds(last):
            return last
    raise AssertionError(f"The training has ended, as {last}.")


def ended(stub: TrainingServiceStub, job_id: str, seconds: float = SECONDS) -> pb.TrainingJob:
    """The job as it ended."""
    *_, last = stub.WatchTraining(pb.WatchTrainingRequest(id=job_id, omit_previews=True), timeout=seconds)
    return last.job


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not become so."
        time.sleep(0.02)


def is_free(log: Path) -> bool:
    """Whether no process has a training's log."""
    try:
        hold(log).close()
    except Held:
        return False
    return True


def processes_with(file: Path) -> list[int]:
    """Other processes that have the file open."""
    numbers = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if number != os.getpid() and _has_open(number, file)]


def _has_open(process: int, file: Path) -> bool:
    try:
        return any(link.samefile(file) for link in Path(f"/proc/{process}/fd").iterdir() if link.exists())
    except OSError:
        return False
