"""What the published Triton client sees of a server: ``python triton_client.py HOST:PORT``, run by the Python of an
environment that has tritonclient. The server has the filters identity, inverting, normalising and slow.

Prints one JSON object: the name of each check, and null or how it failed.
"""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

RANDOM = np.random.default_rng(6)
PLANES = RANDOM.uniform(-1, 1, (1, 3, 33, 47)).astype(np.float32)
PICTURE = RANDOM.integers(0, 256, (1, 33, 47, 3), np.uint8)
SECONDS = 30  # for a call that should be quick, on a machine that may not be


def live_and_ready(client: InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("identity")
    assert client.is_model_ready("identity", "1")
    assert not client.is_model_ready("identity", "2")
    assert not client.is_model_ready("monet")


def metadata(client: InferenceServerClient) -> None:
    assert client.get_server_metadata().name == "pleinair"
    told = client.get_model_metadata("inverting", as_json=True)
    assert (told["name"], told["versions"], told["platform"]) == ("inverting", ["1"], "onnx_onnxv1")
    assert told["inputs"][0] == {"name": "image", "datatype": "FP32", "shape": ["-1", "3", "-1", "-1"]}
    assert told["outputs"][1] == {"name": "translated_uint8", "datatype": "UINT8", "shape": ["-1", "-1", "-1", "3"]}


def floats(client: InferenceServerClient) -> None:
    result = client.infer("inverting", [tensor(PLANES)], request_id="7", client_timeout=SECONDS)
    np.testing.assert_allclose(result.as_numpy("translated"), -PLANES, atol=1e-6)
    assert result.as_numpy("translated_uint8") is None
    assert result.get_response().id == "7"


def bytes_in_compressed_messages(client: InferenceServerClient) -> None:
    result = client.infer("inverting", [tensor(PICTURE)], compression_algorithm="gzip", client_timeout=SECONDS)
    np.testing.assert_array_equal(result.as_numpy("translated_uint8"), 255 - PICTURE)


def the_output_that_is_asked_for(client: InferenceServerClient) -> None:
    outputs = [InferRequestedOutput("translated")]
    result = client.infer("inverting", [tensor(PICTURE)], outputs=outputs, client_timeout=SECONDS)
    expected = 1 - PICTURE.transpose(0, 3, 1, 2) / 127.5
    np.testing.assert_allclose(result.as_numpy("translated"), expected, atol=1e-6)


def a_batch(client: InferenceServerClient) -> None:
    batch = np.concatenate([PLANES, PLANES / 2, -PLANES])
    together = client.infer("normalising", [tensor(batch)], client_timeout=SECONDS).as_numpy("translated")
    for number in range(3):
        alone = client.infer("normalising", [tensor(batch[number : number + 1])], client_timeout=SECONDS)
        np.testing.assert_allclose(together[number], alone.as_numpy("translated")[0], atol=1e-6)


def many_at_once(client: InferenceServerClient) -> None:
    pictures = [PICTURE + np.uint8(number) for number in range(8)]
    answers: dict[int, InferResult | InferenceServerException] = {}
    all_there = threading.Semaphore(0)

    def keep(number: int) -> Callable[..., None]:
        def answered(result: InferResult | None, error: InferenceServerException | None) -> None:
            answers[number] = result or error
            all_there.release()

        return answered

    for number, picture in enumerate(pictures):
        client.async_infer("inverting", [tensor(picture)], keep(number), client_timeout=SECONDS)
    for _ in pictures:
        assert all_there.acquire(timeout=SECONDS)
    for number, picture in enumerate(pictures):
        np.testing.assert_array_equal(answers[number].as_numpy("translated_uint8"), 255 - picture)


def refusals_in_words(client: InferenceServerClient) -> None:
    for status, words, call in (
        ("NOT_FOUND", "There is no filter 'monet'", lambda: client.infer("monet", [tensor(PICTURE)])),
        ("NOT_FOUND", "There is no filter 'monet'", lambda: client.get_model_metadata("monet")),
        ("NOT_FOUND", "no version '2'", lambda: client.infer("identity", [tensor(PICTURE)], model_version="2")),
        ("INVALID_ARGUMENT", "expected N x 3 x H x W", lambda: client.infer("identity", [tensor(PLANES[0])])),
        ("INVALID_ARGUMENT", "2 inputs", lambda: client.infer("identity", [tensor(PICTURE), tensor(PLANES)])),
        ("INVALID_ARGUMENT", "'shared_memory_region'", lambda: client.infer("identity", [shared_memory()])),
        ("UNIMPLEMENTED", "", lambda: client.get_model_config("identity")),
    ):
        failure = failure_of(call)
        assert failure.status() == f"StatusCode.{status}", failure
        assert words in failure.message(), failure


def deadlines(client: InferenceServerClient) -> None:
    """The client's own, and the one that it has the server keep."""
    big = np.zeros((1, 1024, 1024, 3), np.uint8)  # minutes for the slow filter
    for limit in ({"client_timeout": 0.5}, {"timeout": 500_000}):
        failure = failure_of(partial(client.infer, "slow", [tensor(big)], **limit))
        assert failure.status() == "StatusCode.DEADLINE_EXCEEDED", failure
    floats(client)


CHECKS = (
    live_and_ready,
    metadata,
    floats,
    bytes_in_compressed_messages,
    the_output_that_is_asked_for,
    a_batch,
    many_at_once,
    refusals_in_words,
    deadlines,
)


def tensor(values: NDArray[Any]) -> InferInput:
    name = "image" if values.dtype == np.float32 else "image_uint8"
    made = InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    made.set_data_from_numpy(values)
    return made


def shared_memory() -> InferInput:
    made = InferInput("image_uint8", list(PICTURE.shape), "UINT8")
    made.set_shared_memory("region", PICTURE.nbytes)
    return made


def failure_of(call: Callable[[], Any]) -> InferenceServerException:
    try:
        call()
    except InferenceServerException as failure:
        return failure
    raise AssertionError("the call succeeded")


def outcome(check: Callable[[InferenceServerClient], None], client: InferenceServerClient) -> str | None:
    try:
        check(client)
    except Exception:
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    with InferenceServerClient(sys.argv[1]) as client:
        print(json.dumps({check.__name__: outcome(check, client) for check in CHECKS}))
