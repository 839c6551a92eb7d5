"""Deadlines that cannot be met are refused at once, over every transport."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connect, Connection, chunks_of, failing, frame_of
from tests.contract.inferences import asked

PIXELS = np.zeros((256, 256, 3), np.uint8)


@pytest.fixture(scope="module")
def measured(connect: Connect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """To a server that knows how long the slow filter takes: a second or more."""
    with connect(factories.put(tmp_path_factory.mktemp("filters"), factories.slow(steps=120)).parent) as connection:
        connection.translate("slow", PIXELS)
        yield connection


def as_stream(connection: Connection, seconds: float) -> object:
    frames = [frame_of("slow", PIXELS), *chunks_of(PIXELS)]
    return list(connection.translation.Translate(iter(frames), timeout=seconds))


def as_file(connection: Connection, seconds: float) -> object:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    request = pb.TranslateImageRequest(filter_id="slow", image=file.getvalue())
    return connection.translation.TranslateImage(request, timeout=seconds)


def as_tensor(connection: Connection, seconds: float) -> object:
    return connection.inference.ModelInfer(asked("slow", PIXELS[np.newaxis]), timeout=seconds)


CALLS = [as_stream, as_file, as_tensor]


@pytest.mark.parametrize("call", CALLS)
def test_a_deadline_that_cannot_be_met_is_refused_at_once(
    measured: Connection, call: Callable[[Connection, float], object]
) -> None:
    with failing() as failures:
        call(measured, 0.5)
    assert (failures[0].code, failures[0].reason) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    assert failures[0].sentence.startswith("This picture would take about ")
    assert failures[0].sentence.endswith("allow it more time or send a smaller picture.")
