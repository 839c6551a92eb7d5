"""Translate: what is refused, and how."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pleinair.v1 import translation_pb2 as pb

from tests.contract.connection import (
    Connect,
    Connection,
    failing,
    frame_of,
    header_frame,
    pixel_frame,
)


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
        pixels = np.zeros((1024, 1024, 3), np.uint8)
        with failing() as failures:
            connection.send([frame_of("identity", pixels), pixel_frame(pixels.tobytes())])
        assert failures[0].code == "RESOURCE_EXHAUSTED"
        assert connection.is_well()
