"""Several requests on one device, over the wire: previews, slow readers, small pictures together."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from PIL import Image
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import (
    SECONDS,
    Connect,
    Connection,
    Reply,
    chunks_of,
    failing,
    frame_of,
    header_frame,
    pixel_frame,
)
from tests.contract.translations import Slow, noise


def test_a_preview_comes_once_and_before_the_pixels(connection: Connection) -> None:
    pixels = noise(300, 200, 4)
    pixels[..., 3] = 255
    header = frame_of("inverting", pixels)
    header.header.preview_side = 48
    reply = connection.send([header, *chunks_of(pixels)])
    kinds = [kind for kind in reply.kinds if kind != "progress"]
    assert kinds == ["preview", "pixels", "summary"]
    preview = next(frame.preview for frame in reply.frames if frame.WhichOneof("frame") == "preview")
    with Image.open(io.BytesIO(preview.png)) as image:
        assert (image.size, image.mode, image.format) == ((32, 48), "RGBA", "PNG")
        shown = np.asarray(image)
    assert (preview.width, preview.height) == (32, 48)
    np.testing.assert_allclose(shown[..., :3].mean(axis=(0, 1)), 255 - pixels[..., :3].mean(axis=(0, 1)), atol=2)
    np.testing.assert_array_equal(
        np.frombuffer(reply.pixels, np.uint8).reshape(pixels.shape)[..., :3], 255 - pixels[..., :3]
    )


@pytest.mark.parametrize(("size", "side"), [((300, 200), 0), ((120, 130), 60)])
def test_there_is_no_preview_unless_it_is_asked_for_and_of_use(
    connection: Connection, size: tuple[int, int], side: int
) -> None:
    pixels = noise(*size, 3)
    header = frame_of("identity", pixels)
    header.header.preview_side = side
    assert "preview" not in connection.send([header, *chunks_of(pixels)]).kinds


def test_the_summary_says_how_it_was_computed_and_in_how_much_memory(connection: Connection) -> None:
    pixels = noise(200, 300, 3)
    summary = connection.send([frame_of("identity", pixels), *chunks_of(pixels)]).summary
    assert (summary.pieces, summary.batch_size) == (1, 1)
    assert summary.peak_memory_bytes > pixels.nbytes


def test_who_does_not_read_holds_up_nobody_and_gets_all_in_the_end(connection: Connection) -> None:
    pixels = noise(800, 1200, 3, np.float32)  # more than all buffers on the way
    unread = connection.translation.Translate(iter([frame_of("identity", pixels), *chunks_of(pixels)]))
    first = next(frame.pixels for frame in unread if frame.pixels)
    assert connection.is_well()
    received = np.frombuffer(first + Reply(list(unread)).pixels, np.float32)
    np.testing.assert_allclose(received, pixels.reshape(-1), atol=1e-6)


def in_pieces() -> onnx.ModelProto:
    """Two convolutions with a normalisation between, so that a large picture is computed in pieces."""
    nodes = [
        helper.make_node("Conv", ["image", "widen"], ["wide"], pads=[1] * 4),
        helper.make_node("InstanceNormalization", ["wide", "scale", "shift"], ["norm"]),
        helper.make_node("Conv", ["norm", "narrow"], ["translated"], pads=[1] * 4),
    ]
    random = np.random.default_rng(0)
    constants = {
        "widen": random.normal(0, 0.2, (16, 3, 3, 3)).astype(np.float32),
        "scale": np.ones(16, np.float32),
        "shift": np.zeros(16, np.float32),
        "narrow": random.normal(0, 0.05, (3, 16, 3, 3)).astype(np.float32),
    }
    return factories.model(nodes, constants=constants, told=factories.metadata(identifier="pieces"))


def test_a_large_picture_in_pieces_holds_up_nobody_and_keeps_to_the_memory(connect: Connect, folder: Path) -> None:
    factories.put(folder, in_pieces())
    large, small = noise(1500, 1500, 3), noise(150, 150, 3)
    with connect(folder, memory=64 << 20) as connection, ThreadPoolExecutor(1) as reader:
        call = connection.translation.Translate(iter([frame_of("pieces", large), *chunks_of(large)]), timeout=SECONDS)
        assert next(call).progress.stage == pb.Progress.STAGE_TRANSLATING
        reading = reader.submit(list, call)
        connection.translate("pieces", small)
        assert not reading.done()
        reply = Reply(reading.result())
    assert len(reply.pixels) == large.nbytes
    assert reply.summary.pieces > 4
    assert reply.summary.peak_memory_bytes < large.nbytes + (64 << 20) + (24 << 20)


def test_small_pictures_that_wait_are_computed_together_and_each_is_its_own(connect: Connect, folder: Path) -> None:
    factories.put(folder, factories.normalising())
    pictures = [(noise(40 + number, 50, 3)[:40] // (number + 1)).astype(np.uint8) for number in range(6)]
    with connect(folder) as connection:
        slow = Slow(connection)
        slow.await_stage(pb.Progress.STAGE_TRANSLATING)
        calls = [
            connection.translation.Translate(
                iter([frame_of("normalising", pixels), *chunks_of(pixels)]), timeout=SECONDS
            )
            for pixels in pictures
        ]
        for call in calls:
            assert next(call).progress.stage == pb.Progress.STAGE_QUEUED
        slow.call.cancel()
        calls[0].cancel()
        replies = [Reply(list(call)) for call in calls[1:]]
        assert max(reply.summary.batch_size for reply in replies) >= 2
        for pixels, reply in zip(pictures[1:], replies, strict=True):
            alone = connection.translate("normalising", pixels)
            np.testing.assert_array_equal(np.frombuffer(reply.pixels, np.uint8).reshape(pixels.shape), alone)


def test_one_client_cannot_take_all_places(connect: Connect, folder: Path) -> None:
    with connect(folder, queue=4) as connection:
        slow = [Slow(connection)]
        slow[0].await_stage(pb.Progress.STAGE_TRANSLATING)
        for _ in range(2):
            slow.append(Slow(connection))
            slow[-1].await_stage(pb.Progress.STAGE_QUEUED)
        with failing() as failures:
            connection.send([header_frame(), pixel_frame(bytes(12))])
        assert (failures[0].code, failures[0].reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert "You already have 3 requests" in failures[0].sentence
        assert failures[0].retry_seconds == 1.0
        for one in slow:
            one.call.cancel()
