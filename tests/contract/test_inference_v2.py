"""The Open Inference Protocol v2, asked as its clients ask, and as they should not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb
from pleinair.v1.translation_pb2 import Progress

from tests.contract.connection import SECONDS, Connect, Connection, Failure, chunks_of, failing, frame_of

RANDOM = np.random.default_rng(6)
PICTURE = RANDOM.integers(0, 256, (1, 9, 17, 3), np.uint8)
PLANES = RANDOM.uniform(-1, 1, (1, 3, 9, 17)).astype(np.float32)
BIG = np.zeros((1, 1024, 1024, 3), np.uint8)  # minutes for the slow filter
DATATYPES = {"float32": ("image", "FP32"), "uint8": ("image_uint8", "UINT8")}
TINY = np.zeros((1, 2, 2, 3), np.uint8)


def asked(model: str, pixels: NDArray[Any], *outputs: str, **fields: Any) -> pb.ModelInferRequest:
    """As clients send it: the values raw, beside the tensors."""
    name, datatype = DATATYPES[pixels.dtype.name]
    tensor = pb.ModelInferRequest.InferInputTensor(name=name, datatype=datatype, shape=pixels.shape)
    request = pb.ModelInferRequest(
        model_name=model, inputs=[tensor], raw_input_contents=[pixels.tobytes()], outputs=wanted(*outputs)
    )
    request.MergeFrom(pb.ModelInferRequest(**fields))
    return request


def wanted(*names: str) -> list[pb.ModelInferRequest.InferRequestedOutputTensor]:
    return [pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in names]


def infer(connection: Connection, request: pb.ModelInferRequest) -> dict[str, NDArray[Any]]:
    """The answer's tensors by name, in its order."""
    return tensors(connection.inference.ModelInfer(request, timeout=SECONDS))


def tensors(response: pb.ModelInferResponse) -> dict[str, NDArray[Any]]:
    dtypes = {"FP32": np.float32, "UINT8": np.uint8}
    return {
        output.name: np.frombuffer(raw, dtypes[output.datatype]).reshape(output.shape)
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=True)
    }


def translating(connection: Connection, pixels: NDArray[Any], filter_id: str) -> tuple[Progress, Any]:
    """A translation that is under way: its first progress, and its call."""
    call = connection.translation.Translate(iter([frame_of(filter_id, pixels), *chunks_of(pixels)]), timeout=SECONDS)
    return next(call).progress, call


def refused(connection: Connection, request: pb.ModelInferRequest) -> Failure:
    with failing() as failures:
        infer(connection, request)
    return failures[0]


def test_the_server_is_live_and_ready_and_says_its_name(connection: Connection) -> None:
    assert connection.inference.ServerLive(pb.ServerLiveRequest()).live
    assert connection.inference.ServerReady(pb.ServerReadyRequest()).ready
    told = connection.inference.ServerMetadata(pb.ServerMetadataRequest())
    assert (told.name, list(told.extensions)) == ("pleinair", [])
    assert told.version.count(".") == 2


@pytest.mark.parametrize(
    ("name", "version", "ready"),
    [
        ("identity", "", True),
        ("identity", "1", True),
        ("foreign", "1", True),
        ("identity", "2", False),
        ("monet", "", False),
        ("truncated", "", False),
    ],
)
def test_what_is_served_is_ready_and_nothing_else(connection: Connection, name: str, version: str, ready: bool) -> None:
    assert connection.inference.ModelReady(pb.ModelReadyRequest(name=name, version=version)).ready is ready


def test_a_model_tells_how_to_feed_it(connection: Connection) -> None:
    told = connection.inference.ModelMetadata(pb.ModelMetadataRequest(name="inverting", version="1"))
    assert (told.name, list(told.versions), told.platform) == ("inverting", ["1"], "onnx_onnxv1")
    ends = [(end.name, end.datatype, list(end.shape)) for end in (*told.inputs, *told.outputs)]
    planes, pixels = [-1, 3, -1, -1], [-1, -1, -1, 3]
    assert ends == [
        ("image", "FP32", planes),
        ("image_uint8", "UINT8", pixels),
        ("translated", "FP32", planes),
        ("translated_uint8", "UINT8", pixels),
    ]


@pytest.mark.parametrize(("name", "version"), [("monet", ""), ("identity", "2")])
def test_what_is_not_served_is_not_found(connection: Connection, name: str, version: str) -> None:
    with failing() as failures:
        connection.inference.ModelMetadata(pb.ModelMetadataRequest(name=name, version=version))
    failures.append(refused(connection, asked(name, PICTURE, model_version=version)))
    for failure in failures:
        assert (failure.code, failure.reason, failure.domain) == ("NOT_FOUND", "FILTER_NOT_FOUND", "pleinair")
        assert "there are failing, foreign" in failure.sentence or "expected '1'" in failure.sentence


def test_bytes_come_back_as_the_filter_makes_them(connection: Connection) -> None:
    answer = infer(connection, asked("inverting", PICTURE))
    assert list(answer) == ["translated_uint8"]
    np.testing.assert_array_equal(answer["translated_uint8"], 255 - PICTURE)


def test_floats_are_what_onnxruntime_gives(connection: Connection) -> None:
    planes = RANDOM.uniform(-1, 1, (1, 3, 16, 24)).astype(np.float32)
    session = onnxruntime.InferenceSession(connection.filters_folder / "normalising.onnx")
    (expected,) = session.run(None, {"image": planes})
    answer = infer(connection, asked("normalising", planes))
    assert list(answer) == ["translated"]
    np.testing.assert_allclose(answer["translated"], np.clip(expected, -1, 1), atol=1e-5)


def test_red_green_and_blue_reach_the_filter_in_this_order(connection: Connection) -> None:
    np.testing.assert_array_equal(infer(connection, asked("swapping", PICTURE))["translated_uint8"], PICTURE[..., ::-1])
    np.testing.assert_allclose(infer(connection, asked("swapping", PLANES))["translated"], PLANES[:, ::-1], atol=1e-6)


@pytest.mark.parametrize("filter_id", ["half", "foreign"])
def test_float16_and_foreign_filters_answer_too(connection: Connection, filter_id: str) -> None:
    np.testing.assert_allclose(infer(connection, asked(filter_id, PLANES))["translated"], -PLANES, atol=1e-3)


@pytest.mark.parametrize("pixels", [PLANES, PICTURE])
def test_either_output_or_both_may_be_asked_for(connection: Connection, pixels: NDArray[Any]) -> None:
    both = infer(connection, asked("inverting", pixels, "translated_uint8", "translated"))
    assert list(both) == ["translated_uint8", "translated"]
    as_planes = both["translated_uint8"].transpose(0, 3, 1, 2) / 127.5 - 1
    np.testing.assert_allclose(as_planes, both["translated"], atol=0.5001 / 127.5)
    for name, values in both.items():
        np.testing.assert_array_equal(infer(connection, asked("inverting", pixels, name))[name], values)


def test_bytes_come_back_unchanged_however_they_are_computed(connection: Connection) -> None:
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    for outputs in ([], ["translated", "translated_uint8"]):
        np.testing.assert_array_equal(infer(connection, asked("identity", every, *outputs))["translated_uint8"], every)


def test_a_float_that_is_no_colour_becomes_the_nearest(connection: Connection) -> None:
    planes = np.array([np.nan, np.inf, -np.inf, 1.5, -1.5, 3e38], np.float32).reshape(1, 3, 1, 2)
    answer = infer(connection, asked("identity", planes))["translated"]
    np.testing.assert_array_equal(answer.ravel(), [-1, 1, -1, 1, -1, 1])


@pytest.mark.parametrize("pixels", [PLANES, PICTURE])
def test_each_picture_of_a_batch_is_translated_by_itself(connection: Connection, pixels: NDArray[Any]) -> None:
    batch = np.concatenate([pixels, pixels // 2, pixels * 0])
    (together,) = infer(connection, asked("normalising", batch)).values()
    assert together.shape == batch.shape
    for number in range(3):
        (alone,) = infer(connection, asked("normalising", batch[number : number + 1])).values()
        np.testing.assert_array_equal(together[number], alone[0])


def test_the_answer_has_the_requests_id_and_says_what_ran(connection: Connection) -> None:
    request = asked("half", TINY, id="picture 7")
    response = connection.inference.ModelInfer(request, timeout=SECONDS)
    assert (response.model_name, response.model_version, response.id) == ("half", "1", "picture 7")
    told = {name: value.string_param for name, value in response.parameters.items()}
    assert (told["execution_provider"], told["precision"]) == ("CPUExecutionProvider", "float16")
    assert len(told["filter_sha256"]) == 64


def without_raw(pixels: NDArray[Any], **contents: Any) -> pb.ModelInferRequest:
    request = asked("inverting", pixels)
    request.ClearField("raw_input_contents")
    request.inputs[0].contents.CopyFrom(pb.InferTensorContents(**contents))
    return request


def test_values_may_come_as_numbers(connection: Connection) -> None:
    as_bytes = infer(connection, without_raw(PICTURE, uint_contents=PICTURE.ravel().tolist()))
    np.testing.assert_array_equal(as_bytes["translated_uint8"], 255 - PICTURE)
    as_floats = infer(connection, without_raw(PLANES, fp32_contents=PLANES.ravel().tolist()))
    np.testing.assert_allclose(as_floats["translated"], -PLANES, atol=1e-6)


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


def test_one_picture_that_fails_ends_its_batch_and_frees_the_device(connection: Connection) -> None:
    failure = refused(connection, asked("failing", np.zeros((3, 17, 17, 3), np.uint8)))
    assert (failure.code, failure.reason) == ("INTERNAL", "FILTER_FAILED")
    assert connection.is_well()


def test_each_picture_of_a_batch_has_a_place_in_the_queue_and_a_cancelled_call_gives_them_up(
    connect: Connect, folder: Path
) -> None:
    with connect(folder) as connection:
        call = connection.inference.ModelInfer.future(asked("slow", BIG.repeat(3, axis=0)))
        while (waiting := translating(connection, BIG[0], "identity"))[0].queue_position != 3:
            list(waiting[1])
        call.cancel()
        assert list(waiting[1])[-1].summary.filter_id == "identity"


def timing_out(connection: Connection, microseconds: int) -> Failure:
    request = asked("slow", BIG)
    request.parameters["timeout"].int64_param = microseconds
    return refused(connection, request)


def test_the_callers_deadline_and_the_requests_own_stop_the_computation(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        with failing() as failures:
            connection.inference.ModelInfer(asked("slow", BIG), timeout=0.4)
        assert failures[0].code == "DEADLINE_EXCEEDED"
        failure = timing_out(connection, 400_000)
        assert (failure.code, failure.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
        assert connection.is_well()


def test_a_timeout_does_not_lengthen_the_servers_deadline(connect: Connect, folder: Path) -> None:
    with connect(folder, deadline=0.4) as connection:
        assert timing_out(connection, 2**63 - 1).reason == "DEADLINE_EXCEEDED"


def test_a_full_house_refuses_at_once_and_says_when_to_try_again(connect: Connect, folder: Path) -> None:
    with connect(folder, queue=1) as connection:
        _, running = translating(connection, BIG[0], "slow")
        failure = refused(connection, asked("identity", TINY))
        assert (failure.code, failure.reason, failure.retry_seconds) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL", 1.0)
        running.cancel()
