"""Translate: raw pixels in and out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from tests.contract.connection import (
    Connect,
    Connection,
    chunks_of,
    failing,
    frame_of,
    header_frame,
    pixel_frame,
)
from tests.contract.translations import BIG, noise


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_come_back_unchanged_from_a_filter_that_changes_nothing(
    connection: Connection, dtype: Any, channels: int
) -> None:
    pixels = noise(9, 17, channels, dtype)
    np.testing.assert_array_equal(connection.translate("identity", pixels), pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("transfer_function", [pb.TRANSFER_FUNCTION_SRGB, pb.TRANSFER_FUNCTION_LINEAR])
def test_floats_come_back_within_rounding(connection: Connection, channels: int, transfer_function: int) -> None:
    pixels = noise(5, 6, channels, np.float32)
    result = connection.translate("identity", pixels, transfer_function=transfer_function)
    np.testing.assert_allclose(result, pixels, atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (17, 9), (9, 17), (16, 16), (64, 48), (33, 70)])
def test_any_size_is_translated_in_place(connection: Connection, size: tuple[int, int]) -> None:
    pixels = noise(*size, 3)
    np.testing.assert_array_equal(connection.translate("inverting", pixels), 255 - pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_half_floats_come_back_within_rounding(connection: Connection, channels: int) -> None:
    pixels = noise(5, 6, channels, np.float32).astype(np.float16)
    result = connection.translate("identity", pixels)
    np.testing.assert_allclose(result.astype(np.float32), pixels.astype(np.float32), atol=1e-6)


def test_blue_may_come_first(connection: Connection) -> None:
    pixels = noise(9, 17, 4)
    pixels[..., 3] |= 1
    rgb = connection.translate("normalising", pixels)
    bgr = connection.translate("normalising", pixels[..., [2, 1, 0, 3]], channel_order=pb.CHANNEL_ORDER_BGR)
    np.testing.assert_array_equal(bgr[..., [2, 1, 0, 3]], rgb)


def test_transparent_pixels_come_back_as_they_went_and_the_filter_does_not_see_their_colours(
    connection: Connection,
) -> None:
    pixels = noise(32, 32, 4)
    pixels[..., 3] = 255
    pixels[8:24, :16, 3] = 0
    results = []
    for hidden in (0, 200):
        pixels[8:24, :16, :3] = hidden
        results.append(connection.translate("normalising", pixels))
        np.testing.assert_array_equal(results[-1][8:24, :16], pixels[8:24, :16])
    visible = pixels[..., 3] == 255
    np.testing.assert_array_equal(results[0][visible], results[1][visible])


def test_only_colour_is_translated(connection: Connection) -> None:
    pixels = noise(9, 17, 4)
    pixels[..., 3] |= 1
    result = connection.translate("inverting", pixels)
    np.testing.assert_array_equal(result[..., :3], 255 - pixels[..., :3])
    np.testing.assert_array_equal(result[..., 3], pixels[..., 3])


def test_red_green_and_blue_reach_the_filter_in_this_order(connection: Connection) -> None:
    pixels = noise(16, 16, 3)
    np.testing.assert_array_equal(connection.translate("swapping", pixels), pixels[..., ::-1])


@pytest.mark.parametrize("filter_id", ["half", "foreign"])
def test_float16_and_foreign_filters_answer_too(connection: Connection, filter_id: str) -> None:
    pixels = noise(10, 19, 3)
    np.testing.assert_array_equal(connection.translate(filter_id, pixels), 255 - pixels)


def test_the_result_is_what_onnxruntime_gives(connection: Connection) -> None:
    pixels = noise(20, 32, 3)
    session = onnxruntime.InferenceSession(
        connection.filters_folder / "normalising.onnx", providers=["CPUExecutionProvider"]
    )
    tensor = (pixels / np.float32(127.5) - 1).astype(np.float32).transpose(2, 0, 1)[None]
    direct = (session.run(None, {"image": tensor})[0][0].transpose(1, 2, 0) + 1) * 127.5
    np.testing.assert_allclose(connection.translate("normalising", pixels), direct.clip(0, 255), atol=0.501)


def test_progress_comes_first_and_the_summary_last(connection: Connection) -> None:
    pixels = noise(700, 800, 3)
    reply = connection.send([frame_of("identity", pixels), *chunks_of(pixels)])
    assert reply.kinds == ["progress", *["pixels"] * 7, "summary"]
    assert reply.frames[0].progress.stage == pb.Progress.STAGE_TRANSLATING
    assert len(reply.frames[1].pixels) == 1 << 18


def test_the_summary_says_what_ran(connection: Connection) -> None:
    summary = connection.send([header_frame(filter_id="half"), pixel_frame(bytes(12))]).summary
    found = connection.filters.GetFilter(filters_pb2.GetFilterRequest(id="half")).filter
    assert (summary.filter_id, summary.filter_sha256) == ("half", found.sha256)
    assert (summary.execution_provider, summary.precision) == ("CPUExecutionProvider", filters_pb2.PRECISION_FLOAT16)
    assert summary.queue_seconds >= 0
    assert summary.compute_seconds > 0


@pytest.mark.parametrize("size", [1, 5, 7])
def test_chunks_may_have_any_size(connection: Connection, size: int) -> None:
    pixels = noise(3, 3, 3)
    reply = connection.send([frame_of("identity", pixels), *chunks_of(pixels, size), pixel_frame(b"")])
    assert reply.pixels == pixels.tobytes()


def test_many_clients_at_once_all_get_their_own_picture(connection: Connection) -> None:
    pictures = [noise(20 + number, 30, 3) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda pixels: connection.translate("inverting", pixels), pictures))
    for pixels, result in zip(pictures, results, strict=True):
        np.testing.assert_array_equal(result, 255 - pixels)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"width": 0}, "width", "The width is 0 pixels; a picture has at least 1."),
        ({"width": 0, "height": 0}, "width", "The width is 0 pixels"),
        ({"height": 0}, "height", "The height is 0 pixels"),
        ({"channels": 0}, "pixel_format.channels", "is unspecified; expected one of GREY, GREY_ALPHA, RGB, RGBA"),
        ({"channels": 5}, "pixel_format.channels", "is 5; expected one of"),
        (
            {"sample_type": 0},
            "pixel_format.sample_type",
            "is unspecified; expected one of UINT8, UINT16, FLOAT32, FLOAT16",
        ),
        ({"transfer_function": 9}, "pixel_format.transfer_function", "is 9; expected one of SRGB, LINEAR"),
        ({"channel_order": 9}, "pixel_format.channel_order", "is 9; expected one of RGB, BGR"),
    ],
)
def test_an_impossible_header_is_refused_with_its_field(
    connection: Connection, changes: dict[str, int], field: str, words: str
) -> None:
    with failing() as failures:
        connection.send([header_frame(**changes)])
    assert (failures[0].code, failures[0].reason, failures[0].domain) == ("INVALID_ARGUMENT", "BAD_HEADER", "pleinair")
    assert failures[0].fields == [f"header.{field}"]
    assert words in failures[0].sentence


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [pixel_frame(b"abc")],
        [pb.TranslateRequest()],
        [header_frame(), header_frame()],
        [header_frame(), pixel_frame(b"abc"), header_frame()],
        [header_frame(), pb.TranslateRequest()],
    ],
)
def test_frames_in_another_order_are_refused(connection: Connection, frames: list[pb.TranslateRequest]) -> None:
    with failing() as failures:
        connection.send(frames)
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "BAD_HEADER")


def test_fewer_pixels_than_declared_are_counted_in_the_answer(connection: Connection) -> None:
    with failing() as failures:
        connection.send([header_frame(), pixel_frame(bytes(11))])
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "TOO_FEW_PIXELS")
    assert "2 x 2 pixels of 3 bytes are 12 bytes, and 11 arrived" in failures[0].sentence


def test_more_pixels_than_declared_are_refused_while_they_come(connection: Connection) -> None:
    """The stream has no end, so the answer cannot have waited for it."""
    stopped = threading.Event()

    def frames() -> Any:
        yield header_frame()
        while not stopped.is_set():
            yield pixel_frame(bytes(8))

    with failing() as failures:
        connection.send(frames())
    stopped.set()
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "TOO_MANY_PIXELS")
    assert "are 12 bytes, and at least 16 arrived" in failures[0].sentence


def test_an_unknown_filter_is_answered_with_those_that_exist(connection: Connection) -> None:
    with failing() as failures:
        connection.send([header_frame(filter_id="monet")])
    assert (failures[0].code, failures[0].reason) == ("NOT_FOUND", "FILTER_NOT_FOUND")
    assert "There is no filter 'monet'; there are failing, foreign, half, identity," in failures[0].sentence


@pytest.mark.parametrize("size", [(200_000, 200_000), ((1 << 32) - 1, (1 << 32) - 1), (101, 100)])
def test_a_picture_over_the_limit_is_refused_by_its_header(
    connect: Connect, folder: Path, size: tuple[int, int]
) -> None:
    with connect(folder, max_pixels=10_000) as connection:
        with failing() as failures:
            connection.send([header_frame(width=size[0], height=size[1])])
        assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "PICTURE_TOO_LARGE")
        assert f"{size[0]} x {size[1]}" in failures[0].sentence
        assert "at most 10000" in failures[0].sentence


def test_a_message_over_the_limit_is_refused(connect: Connect, folder: Path) -> None:
    with connect(folder, max_message_mib=1) as connection:
        with failing() as failures:
            connection.send([frame_of("identity", BIG), pixel_frame(BIG.tobytes())])
        assert failures[0].code == "RESOURCE_EXHAUSTED"
        assert connection.is_well()


def test_a_filter_that_fails_says_so_in_one_sentence_and_the_device_is_free(connection: Connection) -> None:
    pixels = noise(40, 40, 3)
    with failing() as failures:
        connection.translate("failing", pixels)
    assert (failures[0].code, failures[0].reason) == ("INTERNAL", "FILTER_FAILED")
    assert failures[0].sentence == (
        "Filter 'failing' failed on this picture of 40 x 40 pixels: its operation Sub says: Attempting to broadcast an"
        " axis by a dimension other than 1. 24 by 40; try another size, or another filter."
    )
    assert connection.is_well()
