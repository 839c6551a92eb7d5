"""The Open Inference Protocol v2, asked as its clients should not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pleinair.inference import open_inference_pb2 as pb

from tests.contract.connection import Connect, Connection
from tests.contract.inferences import TINY, asked, infer, refused, without_raw


def with_input(**changes: Any) -> pb.ModelInferRequest:
    """A request of a 2 x 2 picture, whose input is changed."""
    request = asked("identity", TINY)
    for name, value in changes.items():
        if name == "shape":
            del request.inputs[0].shape[:]
            request.inputs[0].shape.extend(value)
        else:
            setattr(request.inputs[0], name, value)
    return request


def with_parameter(where: str, name: str, value: pb.InferParameter) -> pb.ModelInferRequest:
    request = asked("identity", TINY, "translated_uint8")
    places: dict[str, Any] = {"request": request, "input": request.inputs[0], "output": request.outputs[0]}
    places[where].parameters[name].CopyFrom(value)
    return request


def both_ways() -> pb.ModelInferRequest:
    request = asked("identity", TINY)
    request.inputs[0].contents.uint_contents.extend([0] * 12)
    return request


def of_inputs(*inputs: pb.ModelInferRequest.InferInputTensor) -> pb.ModelInferRequest:
    return pb.ModelInferRequest(model_name="identity", inputs=inputs)


REGION = pb.InferParameter(string_param="region")
INPUT = asked("identity", TINY).inputs[0]


@pytest.mark.parametrize(
    ("request_", "field", "words"),
    [
        (of_inputs(), "inputs", "0 inputs; expected one of 'image' (FP32, N x 3 x H x W) and 'image_uint8'"),
        (of_inputs(INPUT, INPUT), "inputs", "2 inputs"),
        (with_input(name="pixels"), "inputs[0].name", "no input 'pixels'"),
        (with_input(datatype="FP32"), "inputs[0].datatype", "'FP32'; expected UINT8"),
        (with_input(datatype=""), "inputs[0].datatype", "''; expected UINT8"),
        (both_ways(), "inputs[0].contents", "both in raw_input_contents and in contents"),
        (asked("identity", TINY, raw_input_contents=[b""]), "raw_input_contents", "2 raw_input_contents for one input"),
        (asked("identity", TINY, "image"), "outputs[0].name", "'image' does not exist"),
        (asked("identity", TINY, "translated", "translated"), "outputs[1].name", "requested twice"),
        (without_raw(TINY, fp32_contents=[0] * 12), "inputs[0].contents", "in fp32_contents; expected"),
        (without_raw(TINY, uint_contents=[256] * 12), "inputs[0].contents.uint_contents", "up to 256"),
        (with_parameter("input", "shared_memory_region", REGION), "inputs[0].parameters", "'shared_memory_region'"),
        (with_parameter("output", "shared_memory_region", REGION), "outputs[0].parameters", "'shared_memory_region'"),
        (
            with_parameter("output", "classification", pb.InferParameter(int64_param=1)),
            "outputs[0].parameters",
            "'classification'",
        ),
        (with_parameter("request", "timeout", pb.InferParameter(int64_param=-1)), "parameters.timeout", "0 or more"),
        (with_parameter("request", "timeout", REGION), "parameters.timeout", "0 or more"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_field(
    connection: Connection, request_: pb.ModelInferRequest, field: str, words: str
) -> None:
    failure = refused(connection, request_)
    assert (failure.code, failure.reason, failure.fields) == ("INVALID_ARGUMENT", "BAD_HEADER", [field])
    assert words in failure.sentence


@pytest.mark.parametrize(
    "shape",
    [
        [],
        [2, 2, 3],
        [1, 1, 2, 2, 3],
        [1] * 10_000,
        [1, 3, 2, 2],
        [1, 2, 2, 4],
        [0, 2, 2, 3],
        [1, 0, 2, 3],
        [1, -2, -2, 3],
        [-1, 2, 2, 3],
        [-(2**63), 2, 2, 3],
    ],
)
def test_a_shape_that_no_pictures_have_is_refused(connection: Connection, shape: Sequence[int]) -> None:
    failure = refused(connection, with_input(shape=shape))
    assert (failure.code, failure.reason, failure.fields) == ("INVALID_ARGUMENT", "BAD_HEADER", ["inputs[0].shape"])
    assert "expected N x H x W x 3" in failure.sentence
    assert len(failure.sentence) < 200


@pytest.mark.parametrize(
    "shape",
    [
        [2, 2, 2, 3],
        [2**63 - 1, 2**63 - 1, 2**63 - 1, 3],
        [2**32, 2**32, 1, 3],  # 3 * 2 ** 64, which is 0 to whoever counts in 64 bits
        [2**62, 2, 2, 3],
    ],
)
def test_a_shape_of_more_bytes_than_came_is_refused(connection: Connection, shape: Sequence[int]) -> None:
    failure = refused(connection, with_input(shape=shape))
    assert (failure.code, failure.reason, failure.fields) == (
        "INVALID_ARGUMENT",
        "TOO_FEW_PIXELS",
        ["raw_input_contents"],
    )
    assert "but 12 arrived" in failure.sentence


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (with_input(shape=[1, 1, 2, 3]), "TOO_MANY_PIXELS"),
        (without_raw(TINY), "TOO_FEW_PIXELS"),
        (without_raw(TINY, uint_contents=[0] * 11), "TOO_FEW_PIXELS"),
        (without_raw(TINY, uint_contents=[0] * 13), "TOO_MANY_PIXELS"),
    ],
)
def test_values_off_the_shape_are_refused(connection: Connection, request_: pb.ModelInferRequest, reason: str) -> None:
    assert refused(connection, request_).reason == reason


def test_parameters_that_change_nothing_are_ignored(connection: Connection) -> None:
    request = asked("identity", TINY)
    request.parameters["priority"].uint64_param = 3
    request.parameters["timeout"].int64_param = 0
    request.inputs[0].parameters["anything"].bool_param = True
    assert (infer(connection, request)["translated_uint8"] == TINY).all()


def test_the_limit_of_pixels_holds_for_a_picture_and_for_a_batch(connect: Connect, folder: Path) -> None:
    with connect(folder, max_pixels=100) as connection:
        assert infer(connection, asked("identity", np.zeros((2, 5, 10, 3), np.uint8)))
        for shape, size in (((1, 11, 10, 3), "picture has 10 x 11 = 110"), ((3, 5, 8, 3), "batch has 3 x 8 x 5 = 120")):
            failure = refused(connection, asked("identity", np.zeros(shape, np.uint8)))
            assert (failure.code, failure.reason) == ("INVALID_ARGUMENT", "PICTURE_TOO_LARGE")
            assert f"The {size} pixels" in failure.sentence


def test_a_batch_of_very_many_pictures_is_refused(connection: Connection) -> None:
    failure = refused(connection, asked("identity", np.zeros((257, 1, 1, 3), np.uint8)))
    assert failure.reason == "PICTURE_TOO_LARGE"
    assert "257 pictures, and 256 are the most" in failure.sentence
