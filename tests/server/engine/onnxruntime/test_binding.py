"""Input and output in the device's own memory; here the device is the processor."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from server.engine.cancel import CancelToken, RunControl
from server.engine.onnxruntime.binding import Binding
from server.engine.onnxruntime.execution_providers import CPU
from server.engine.onnxruntime.run_options import run_options
from server.engine.onnxruntime.sessions import Sessions
from tests import factories


def opened(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return Sessions(CPU, 1).open(model.SerializeToString())


class Bound:
    """A session with its input and output in the processor's memory."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._session = opened(model)
        self._binding = Binding(self._session, input="image", output="translated", device="cpu")

    def run(self, picture: np.ndarray, token: CancelToken | None = None) -> np.ndarray:
        with run_options(self._session, RunControl(token or CancelToken())) as options:
            return self._binding.run(picture, options)


def noise(*shape: int, kind: type = np.float32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(kind)


def test_answers_are_those_of_a_plain_run_at_every_size() -> None:
    model = factories.normalising()
    plain, binding = opened(model), Bound(model)
    for seed, shape in enumerate([(1, 3, 16, 20), (1, 3, 16, 20), (4, 3, 16, 20), (1, 3, 40, 16), (1, 3, 16, 20)]):
        picture = noise(*shape, seed=seed)
        (expected,) = plain.run(["translated"], {"image": picture})
        np.testing.assert_array_equal(binding.run(picture), expected)


def test_float16_stays_float16() -> None:
    picture = noise(1, 3, 16, 16, kind=np.float16)
    answer = Bound(factories.half()).run(picture)
    assert answer.dtype == np.float16
    np.testing.assert_array_equal(answer, -picture)


def test_neither_the_picture_nor_an_answer_is_written_to_by_the_next_run() -> None:
    binding, first, second = Bound(factories.inverting()), noise(1, 3, 16, 16), noise(1, 3, 16, 16, seed=1)
    kept = first.copy()
    answer = binding.run(first)
    binding.run(second)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(answer, -kept)


def test_a_cancelled_token_ends_a_bound_run_and_the_next_one_answers() -> None:
    binding, token = Bound(factories.inverting()), CancelToken()
    token.cancel()
    with pytest.raises(Exception, match="terminate"):
        binding.run(noise(1, 3, 16, 16), token)
    picture = noise(1, 3, 16, 16)
    np.testing.assert_array_equal(binding.run(picture), -picture)
