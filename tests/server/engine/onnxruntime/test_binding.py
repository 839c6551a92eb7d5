"""Input and output in the device's own memory; here the device is the processor."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from server.engine.onnxruntime.backend import Device
from server.engine.onnxruntime.binding import Binding
from tests import factories


def bound(model: onnx.ModelProto, device: Device) -> Binding:
    return Binding(device.open(model.SerializeToString()), input="image", output="translated", device="cpu")


def noise(*shape: int, kind: type = np.float32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(kind)


def test_answers_are_those_of_a_plain_run_at_every_size(device: Device) -> None:
    model = factories.normalising()
    plain, binding = device.open(model.SerializeToString()), bound(model, device)
    for seed, shape in enumerate([(1, 3, 16, 20), (1, 3, 16, 20), (4, 3, 16, 20), (1, 3, 40, 16), (1, 3, 16, 20)]):
        picture = noise(*shape, seed=seed)
        (expected,) = plain.run(["translated"], {"image": picture})
        np.testing.assert_array_equal(binding.run(picture, device.run_options()), expected)


def test_float16_stays_float16(device: Device) -> None:
    picture = noise(1, 3, 16, 16, kind=np.float16)
    answer = bound(factories.half(), device).run(picture, device.run_options())
    assert answer.dtype == np.float16
    np.testing.assert_array_equal(answer, -picture)


def test_neither_the_picture_nor_an_answer_is_written_to_by_the_next_run(device: Device) -> None:
    binding, first, second = bound(factories.inverting(), device), noise(1, 3, 16, 16), noise(1, 3, 16, 16, seed=1)
    kept = first.copy()
    answer = binding.run(first, device.run_options())
    binding.run(second, device.run_options())
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(answer, -kept)


def test_terminated_options_end_a_bound_run_and_the_next_one_answers(device: Device) -> None:
    binding, options = bound(factories.inverting(), device), device.run_options()
    options.terminate = True
    with pytest.raises(Exception, match="terminate"):
        binding.run(noise(1, 3, 16, 16), options)
    picture = noise(1, 3, 16, 16)
    np.testing.assert_array_equal(binding.run(picture, device.run_options()), -picture)
