"""The Open Inference Protocol v2, asked as its clients ask."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb

from tests.contract.connection import SECONDS, Connection, failing
from tests.contract.inferences import PICTURE, PLANES, RANDOM, TINY, asked, infer, refused, without_raw


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


def test_values_may_come_as_numbers(connection: Connection) -> None:
    as_bytes = infer(connection, without_raw(PICTURE, uint_contents=PICTURE.ravel().tolist()))
    np.testing.assert_array_equal(as_bytes["translated_uint8"], 255 - PICTURE)
    as_floats = infer(connection, without_raw(PLANES, fp32_contents=PLANES.ravel().tolist()))
    np.testing.assert_allclose(as_floats["translated"], -PLANES, atol=1e-6)
