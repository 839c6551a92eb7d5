"""Pictures of trainings are decoded within the server's one account of memory."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from pleinair.v1 import training_pb2 as pb
from pleinair.v1.translation_pb2 import CHANNELS_RGB, SAMPLE_TYPE_UINT8, PixelFormat

from tests.contract.connection import Connection, failing
from tests.promises.usage import forget_peak, usage
from tests.server.trainings.jobs.conftest import Serve
from tests.trainings import SECONDS, SOURCE, TARGET, encoded, header, picture, picture_file

MIB = 1 << 20
OWN = os.getpid()
RGB8 = PixelFormat(channels=CHANNELS_RGB, sample_type=SAMPLE_TYPE_UINT8)


def small_file(side: int) -> bytes:
    """One of some kilobytes that decodes to much."""
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, "PNG")
    return file.getvalue()


def start(connection: Connection, data: bytes) -> pb.TrainingJob:
    frames = [header(description="slow"), *encoded(SOURCE, data, chunk=MIB), *encoded(TARGET, picture_file(2))]
    return connection.training.StartTraining(iter(frames), timeout=SECONDS).job


@pytest.mark.slow
def test_one_that_takes_more_than_there_is_is_refused_before_it_is_decoded(serve: Serve) -> None:
    with serve(memory=256 * MIB) as connection, failing() as failures:
        start(connection, small_file(8192))
    assert (failures[0].reason, failures[0].code) == ("OUT_OF_MEMORY", "RESOURCE_EXHAUSTED")
    assert "A file of 8192 x 8192 pixels takes 769 MiB before it is computed" in failures[0].sentence


def test_raw_pixels_are_counted_too(serve: Serve) -> None:
    def frames() -> Iterator[pb.StartTrainingRequest]:
        yield header()
        yield picture(SOURCE, pixels=pb.RawPixels(width=4096, height=4096, pixel_format=RGB8))
        for _ in range(48):
            yield pb.StartTrainingRequest(data=bytes(MIB))

    with serve(memory=256 * MIB) as connection, failing() as failures:
        connection.training.StartTraining(frames(), timeout=SECONDS)
    assert failures[0].reason == "OUT_OF_MEMORY"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is looked up in /proc")
def test_several_at_once_take_no_more_than_one(serve: Serve) -> None:
    """Six times 13 megapixels would be decoded to 100 MiB or more each."""
    data = small_file(3600)
    with serve(memory=512 * MIB, max_pixels=20_000_000) as connection, ThreadPoolExecutor() as pool:
        start(connection, data)  # what decoding needs once
        forget_peak(OWN)
        before = usage(OWN).resident
        jobs = list(pool.map(lambda _: start(connection, data), range(6)))
        assert len({job.id for job in jobs}) == 6
        assert usage(OWN).peak - before < 250 * MIB
