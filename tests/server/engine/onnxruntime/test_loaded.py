"""Loaded networks: how they are fed, and what of their answers is believed."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Settings, open_backend
from server.engine.cancel import CancelToken
from server.engine.feed import Feed, Precision
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.execution_providers import CPU
from server.engine.provider import Provider
from tests import factories

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 16, 20)).astype(np.float32)


@pytest.fixture(scope="module")
def device() -> OnnxruntimeBackend:
    return OnnxruntimeBackend(Provider.CPU, Settings(threads=1))


def run(model: onnx.ModelProto, feed: Feed, device: OnnxruntimeBackend, token: CancelToken | None = None) -> np.ndarray:
    return device.open(model.SerializeToString(), feed).whole.compute(PICTURE, token or CancelToken())


def test_the_answer_is_onnxruntimes_own(device: OnnxruntimeBackend) -> None:
    model = factories.normalising()
    direct = onnxruntime.InferenceSession(model.SerializeToString(), providers=[CPU])
    expected = direct.run(None, {"image": PICTURE})[0]
    np.testing.assert_allclose(run(model, Feed(), device), expected, rtol=0, atol=1e-6)


def test_float16_networks_get_float16_and_give_float32(device: OnnxruntimeBackend) -> None:
    result = run(factories.half(), Feed(precision=Precision.FLOAT16), device)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, -PICTURE.astype(np.float16))


def test_channels_last_and_ranges_are_translated_both_ways(device: OnnxruntimeBackend) -> None:
    feed = Feed("pixels", "result", channels_last=True, input_range=(0, 255), output_range=(0, 255))
    np.testing.assert_allclose(run(factories.foreign(), feed, device), -PICTURE, atol=1e-6)


def test_input_and_output_may_have_different_ranges(device: OnnxruntimeBackend) -> None:
    result = run(factories.identity(), Feed(input_range=(0, 1), output_range=(1, 0)), device)
    np.testing.assert_allclose(result, -PICTURE, atol=1e-6)


def test_an_answer_with_values_that_are_not_finite_is_refused(device: OnnxruntimeBackend) -> None:
    model = factories.model([helper.make_node("Log", ["image"], ["translated"])])
    with pytest.raises(ValueError, match="not finite"):
        run(model, Feed(), device)


def test_an_answer_of_another_shape_is_refused(device: OnnxruntimeBackend) -> None:
    node = helper.make_node("ReduceMean", ["image"], ["translated"], keepdims=1)
    model = factories.model([node])
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("translated", TensorProto.FLOAT, [1, 1, 1, 1]))
    with pytest.raises(ValueError, match="answered"):
        run(model, Feed(), device)


def test_the_cpu_answers_without_a_warning_when_it_was_asked_for(device: OnnxruntimeBackend) -> None:
    assert (device.name, device.warning) == (CPU, None)


def test_the_cpu_answering_for_cuda_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    wanted = open_backend(Provider.CUDA)
    if wanted.name == CPU:
        assert wanted.warning is not None
        assert "the CPU answers instead" in wanted.warning
    else:
        assert wanted.warning is None
    assert capfd.readouterr().out == ""  # standard output begins with the start-up line


def test_a_cancelled_token_ends_a_run(device: OnnxruntimeBackend) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Exception, match="terminate"):
        run(factories.identity(), Feed(), device, token)


@pytest.mark.parametrize("made", [factories.normalising(), factories.darkening()], ids=["in pieces", "whole"])
def test_a_network_that_nobody_needs_any_more_goes_at_once(made: onnx.ModelProto, device: OnnxruntimeBackend) -> None:
    """With its weights and its session: Python may not look for circles for a long time."""
    loaded = device.open(made.SerializeToString(), Feed())
    factories.translated(AnySizeNetwork(loaded, multiple=1), np.zeros((1, 3, 130, 130), np.float32))
    kept = [weakref.ref(part) for part in (loaded, loaded.whole)]
    gc.collect()
    gc.disable()
    try:
        del loaded
        assert [reference() for reference in kept] == [None, None]
    finally:
        gc.enable()
