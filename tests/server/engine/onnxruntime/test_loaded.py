"""Sessions: how networks are fed, and what of their answers is believed."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from server.engine.onnxruntime.backend import CPU, Device, Provider
from server.engine.onnxruntime.loaded import Feed, Precision, Session
from tests import factories

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 16, 20)).astype(np.float32)


def run(model: onnx.ModelProto, feed: Feed, device: Device) -> np.ndarray:
    return Session(model.SerializeToString(), feed, device).run(PICTURE, device.run_options())


def test_the_answer_is_onnxruntimes_own(device: Device) -> None:
    model = factories.normalising()
    direct = onnxruntime.InferenceSession(model.SerializeToString(), providers=[CPU])
    np.testing.assert_array_equal(run(model, Feed(), device), direct.run(None, {"image": PICTURE})[0])


def test_float16_networks_get_float16_and_give_float32(device: Device) -> None:
    result = run(factories.half(), Feed(precision=Precision.FLOAT16), device)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, -PICTURE.astype(np.float16))


def test_channels_last_and_ranges_are_translated_both_ways(device: Device) -> None:
    feed = Feed("pixels", "result", channels_last=True, input_range=(0, 255), output_range=(0, 255))
    np.testing.assert_allclose(run(factories.foreign(), feed, device), -PICTURE, atol=1e-6)


def test_input_and_output_may_have_different_ranges(device: Device) -> None:
    result = run(factories.identity(), Feed(input_range=(0, 1), output_range=(1, 0)), device)
    np.testing.assert_allclose(result, -PICTURE, atol=1e-6)


def test_an_answer_with_values_that_are_not_finite_is_refused(device: Device) -> None:
    model = factories.model([helper.make_node("Log", ["image"], ["translated"])])
    with pytest.raises(ValueError, match="not finite"):
        run(model, Feed(), device)


def test_an_answer_of_another_shape_is_refused(device: Device) -> None:
    node = helper.make_node("ReduceMean", ["image"], ["translated"], keepdims=1)
    model = factories.model([node])
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("translated", TensorProto.FLOAT, [1, 1, 1, 1]))
    with pytest.raises(ValueError, match="answered"):
        run(model, Feed(), device)


def test_the_cpu_answers_without_a_warning_when_it_was_asked_for(device: Device) -> None:
    assert (device.execution_provider, device.warning) == (CPU, None)


def test_the_cpu_answering_for_cuda_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    wanted = Device(Provider.CUDA)
    if wanted.execution_provider == CPU:
        assert wanted.warning is not None
        assert "the CPU answers instead" in wanted.warning
    else:
        assert wanted.warning is None
    assert capfd.readouterr().out == ""  # standard output begins with the start-up line


def test_terminated_options_end_a_run(device: Device) -> None:
    options = device.run_options()
    options.terminate = True
    with pytest.raises(Exception, match="terminate"):
        Session(factories.identity().SerializeToString(), Feed(), device).run(PICTURE, options)
