"""However a call ends, nothing of its picture is kept: memory does not grow with the number of calls."""

from __future__ import annotations

import gc
import io
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connection, chunks_of, failing, frame_of, header_frame, pixel_frame
from tests.contract.inferences import asked
from tests.contract.over_sockets import connect
from tests.promises.length import counted

SIDE = 200  # from 128 on a picture is computed in pieces where it can be
PIXELS = np.random.default_rng(15).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
RUNS = counted(short=20, long=100)

End = Callable[[Connection, str], None]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder = tmp_path_factory.mktemp("filters")
    for made in (factories.normalising(), factories.darkening(), factories.failing(), factories.slow()):
        factories.put(folder, made)
    factories.put(folder, factories.foreign(), name="foreign")
    (folder / "foreign.toml").write_text(factories.SIDECAR)
    with connect(folder, training="off") as connected:
        yield connected


def served(connection: Connection, filter_id: str) -> None:
    connection.translate(filter_id, PIXELS)


def served_with_preview(connection: Connection, filter_id: str) -> None:
    frame = frame_of(filter_id, PIXELS)
    frame.header.preview_side = 64
    connection.send([frame, *chunks_of(PIXELS)])


def served_as_a_file(connection: Connection, filter_id: str) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    connection.translation.TranslateImage(pb.TranslateImageRequest(filter_id=filter_id, image=file.getvalue()))


def served_as_tensors(connection: Connection, filter_id: str) -> None:
    connection.inference.ModelInfer(asked(filter_id, PIXELS[None]))


def refused(connection: Connection, filter_id: str) -> None:
    """After most of it has come."""
    with failing() as failures:
        frame = header_frame(filter_id=filter_id, width=SIDE, height=SIDE + 1)
        connection.send([frame, pixel_frame(PIXELS.tobytes())])
    assert failures[0].reason == "TOO_FEW_PIXELS"


def cancelled(connection: Connection, filter_id: str) -> None:
    call = connection.translation.Translate(iter([frame_of(filter_id, PIXELS), *chunks_of(PIXELS)]))
    next(call)
    call.cancel()


def too_late(connection: Connection, filter_id: str) -> None:
    with failing() as failures:
        connection.send([frame_of(filter_id, PIXELS), *chunks_of(PIXELS)], timeout=0.05)
    assert failures[0].code == "DEADLINE_EXCEEDED"


def failed(connection: Connection, filter_id: str) -> None:
    with failing() as failures:
        connection.translate(filter_id, PIXELS)
    assert failures[0].reason == "FILTER_FAILED"


def failed_as_a_file(connection: Connection, filter_id: str) -> None:
    with failing() as failures:
        served_as_a_file(connection, filter_id)
    assert failures[0].reason == "FILTER_FAILED"


ENDS: list[tuple[End, str]] = [
    *((way, name) for way in (served, served_with_preview) for name in ("normalising", "darkening", "foreign")),
    *((way, name) for way in (served_as_a_file, served_as_tensors) for name in ("normalising", "darkening")),
    (refused, "normalising"),
    (cancelled, "slow"),
    (too_late, "slow"),
    (failed, "failing"),
    (failed_as_a_file, "failing"),
]


@pytest.mark.slow
@pytest.mark.parametrize("way, filter_id", ENDS, ids=[f"{way.__name__}-{name}" for way, name in ENDS])
def test_nothing_of_a_picture_is_kept(connection: Connection, way: End, filter_id: str) -> None:
    """Python's own count of what is alive (numpy's arrays are in it) grows by less than one picture's pixels; and while
    Python does not look for circles, by what the client beside holds of each call that ended badly, not by the picture
    as the network had it."""
    for _ in range(3):
        way(connection, filter_id)
    gc.disable()
    tracemalloc.start()
    try:
        way(connection, filter_id)
        before = alive(connection)
        for _ in range(RUNS):
            way(connection, filter_id)
        assert alive(connection) - before < RUNS * 3 * PIXELS.nbytes
        gc.collect()
        assert alive(connection) - before < PIXELS.nbytes
    finally:
        gc.enable()
        tracemalloc.stop()


def alive(connection: Connection) -> int:
    """Bytes, once nothing is under way: the device is free when a small picture has been translated."""
    connection.translate("normalising", PIXELS[:2, :2])
    return tracemalloc.get_traced_memory()[0]
