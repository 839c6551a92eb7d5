"""What is read of ONNX graphs means what it means to onnxruntime."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.network import Network
from server.engine.network.operations import Convolution, Normalisation, Pointwise
from server.engine.network.reader import read_network
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft, old, small
from tests.server.engine.tiled.running import Way, in_tiles, noise, read, whole

LAYOUTS = [CHANNELS_LAST, CHANNELS_FIRST]
TILES = 1  # byte for a tile: the smallest that can be


def same(model: bytes, layout: Layout = CHANNELS_LAST, *, channels: int = 3, height: int = 24, width: int = 20) -> None:
    picture = noise(channels, height, width)
    expected = whole(model, picture)
    found = in_tiles(model, picture, Way(tile_room=TILES, layout=layout))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def ops(network: Network) -> list[str]:
    return [type(layer.operation).__name__ for layer in network.layers]


def test_nodes_that_the_output_does_not_need_are_not_read() -> None:
    dead = helper.make_node("GlobalAveragePool", [INPUT], ["mean"])
    network = read(small(dead, helper.make_node("Relu", [INPUT], [OUTPUT])))
    assert ops(network) == ["Pointwise"]


def test_an_output_that_is_also_used_inside_ends_the_network() -> None:
    nodes = [helper.make_node("Relu", [INPUT], ["first"]), helper.make_node("Neg", ["first"], [OUTPUT])]
    network = read_network(small(*nodes), input=INPUT, output="first")
    assert [layer.name for layer in network.layers] == ["first"]


def test_batch_normalisation_becomes_a_multiplication_and_an_addition() -> None:
    draft = Draft()
    constants = [draft.random(3, scale=0.1, around=around) for around in (1.0, 0.0, 0.2, 2.0)]
    model = draft.model(draft.add("BatchNormalization", INPUT, *constants, epsilon=1e-3))
    network = read(model)
    assert ops(network)[:2] == ["Pointwise", "Pointwise"]
    assert not list(network.norms())
    same(model)


def test_batch_normalisation_of_half_precision_keeps_its_digits() -> None:
    draft = Draft(element=TensorProto.FLOAT16)
    constants = [draft.random(3, scale=0.1, around=around) for around in (1.0, 0.0, 0.2, 2.0)]
    first, *_ = read(draft.model(draft.add("BatchNormalization", INPUT, *constants))).layers
    assert isinstance(first.operation, Pointwise)
    _, factor = first.operation.operands
    scale, _, _, variance = (value.astype(np.float64) for value in constants)
    np.testing.assert_allclose(factor, scale / np.sqrt(variance + 1e-5), rtol=1e-6)


def test_a_bias_right_before_a_normalisation_is_left_out() -> None:
    draft = Draft()
    model = draft.model(draft.norm(draft.conv(INPUT, 4)))
    (convolution,) = (layer.operation for layer in read(model).layers if isinstance(layer.operation, Convolution))
    assert convolution.bias is None
    same(model)


def test_a_bias_that_something_else_sees_too_stays() -> None:
    draft = Draft()
    x = draft.conv(INPUT, 4)
    same(draft.model(draft.add("Add", draft.norm(x), x)))


def test_constants_are_folded_and_shape_operands() -> None:
    """As older exporters write the operand of Pad: joined from parts, reshaped and turned."""
    draft = Draft()
    zeros = draft.add("ConstantOfShape", np.array([4]), value=numpy_helper.from_array(np.array([0])), channels=1)
    pads = draft.add("Concat", np.array([2, 1, 2, 1]), zeros, axis=0, channels=1)
    pads = draft.add("Reshape", pads, np.array([-1, 2]), channels=1)
    pads = draft.add("Slice", pads, np.array([-1]), np.array([-10]), np.array([0]), np.array([-1]), channels=1)
    pads = draft.add("Reshape", draft.add("Transpose", pads, perm=[1, 0], channels=1), np.array([-1]), channels=1)
    network = read(draft.model(draft.add("Pad", INPUT, draft.add("Cast", pads, to=TensorProto.INT64), mode="edge")))
    assert ops(network) == ["Pad", "Pointwise"]
    same(draft.model(draft.add("Pad", INPUT, pads, mode="edge", channels=3)))


def test_a_constant_of_plain_numbers_is_one() -> None:
    nodes = [
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        helper.make_node("Mul", [INPUT, "half"], [OUTPUT]),
    ]
    same(small(*nodes))


def test_half_precision_weights_are_computed_with_in_single() -> None:
    drafts = Draft(element=TensorProto.FLOAT16), Draft()
    models = [draft.model(draft.norm(draft.conv(draft.pad(INPUT, 1), 16))) for draft in drafts]
    picture = noise(3, 24, 20)
    found = in_tiles(models[0], picture, Way(tile_room=TILES))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole(models[1], picture), atol=5e-3)


CHANNEL = np.array([0.5, -1, 2], np.float32).reshape(3, 1, 1)
ONE = np.float32(0.25)
POINTWISE: dict[str, Callable[[Draft], str]] = {
    "constant first": lambda draft: draft.add("Sub", CHANNEL, INPUT),
    "one divided by it": lambda draft: draft.add("Div", ONE, draft.add("Exp", INPUT)),
    "power of a constant": lambda draft: draft.add("Pow", draft.add("Exp", INPUT), np.float32(3)),
    "constant to its power": lambda draft: draft.add("Pow", np.float32(3), INPUT),
    "twice the same": lambda draft: draft.add("Mul", INPUT, INPUT),
    "three operands": lambda draft: draft.add("Max", ONE, INPUT, draft.add("Neg", INPUT)),
    "order of two pictures": lambda draft: draft.add("Sub", draft.add("Exp", INPUT), INPUT),
    "no limits": lambda draft: draft.add("Clip", INPUT),
    "empty limits": lambda draft: draft.add("Clip", INPUT, "", ""),
    "a lower limit": lambda draft: draft.add("Clip", INPUT, ONE),
    "a lower limit and none": lambda draft: draft.add("Clip", INPUT, ONE, ""),
    "an upper limit": lambda draft: draft.add("Clip", INPUT, "", ONE),
    "both limits": lambda draft: draft.add("Clip", INPUT, np.float32(-0.1), ONE),
    "a slope": lambda draft: draft.add("PRelu", INPUT, np.array([0.3], np.float32)),
    "slopes": lambda draft: draft.add("PRelu", INPUT, CHANNEL),
    "attributes": lambda draft: draft.add("LeakyRelu", draft.add("Elu", INPUT, alpha=2.0), alpha=0.7),
    "approximation": lambda draft: draft.add("Gelu", INPUT, approximate="tanh"),
    "rest": lambda draft: draft.add("HardSigmoid", draft.add("Celu", INPUT, alpha=0.4), alpha=0.3, beta=0.6),
    "channels beside themselves": lambda draft: draft.concat(INPUT, draft.add("Neg", INPUT), INPUT),
    "one channel over a constant's": lambda draft: draft.add("Mul", draft.conv(INPUT, 1), CHANNEL, channels=3),
    "one channel first over many": lambda draft: draft.add("Mul", draft.conv(INPUT, 1), draft.conv(INPUT, 4)),
    "one channel over many": lambda draft: draft.norm(
        draft.add("Mul", draft.conv(INPUT, 4), draft.add("Sigmoid", draft.conv(INPUT, 1)))
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=["last", "first"])
@pytest.mark.parametrize("case", POINTWISE)
def test_operations_on_values_keep_their_operands_order_and_attributes(case: str, layout: Layout) -> None:
    draft = Draft()
    same(draft.model(POINTWISE[case](draft)), layout)


SCALES = np.array([1, 1, 3, 3], np.float32)
OLD: dict[str, Callable[[], bytes]] = {
    "Clip, 9": lambda: old(9, "Clip", min=-0.2, max=0.3),
    "Clip, 10, one limit": lambda: old(10, "Clip", max=0.3),
    "Clip, 12": lambda: old(12, "Clip", "", np.float32(0.3)),
    "Pad, 9": lambda: old(9, "Pad", mode="reflect", pads=[0, 0, 1, 2, 0, 0, 3, 4]),
    "Pad, 10, value": lambda: old(10, "Pad", pads=[0, 0, 1, 2, 0, 0, 3, 4], value=0.7),
    "Pad, 12": lambda: old(12, "Pad", np.array([0, 0, 1, 2, 0, 0, 3, 4]), mode="edge"),
    "Upsample, 7": lambda: old(7, "Upsample", mode="nearest", scales=[1.0, 1.0, 3.0, 2.0]),
    "Upsample, 9": lambda: old(9, "Upsample", SCALES, mode="linear"),
    "Resize, 10": lambda: old(10, "Resize", SCALES, mode="linear"),
    "Resize, 10, nearest": lambda: old(10, "Resize", SCALES, mode="nearest"),
    "Resize, 11": lambda: old(11, "Resize", np.zeros(0, np.float32), SCALES, mode="linear"),
    "BatchNormalization, 9": lambda: old(9, "BatchNormalization", *[np.full(3, 1.5, np.float32)] * 4),
}


@pytest.mark.parametrize("case", OLD)
def test_older_opsets_mean_what_they_meant(case: str) -> None:
    same(OLD[case]())


def test_parts_of_different_sizes_are_refused_as_onnxruntime_refuses_them() -> None:
    """A skip connection past a step down and up, and a picture of an odd height."""
    draft = Draft()
    down = draft.add("MaxPool", INPUT, kernel_shape=[2, 2], strides=[2, 2])
    network = read(draft.model(draft.concat(draft.grow(down), INPUT)))
    assert network.sizes(24, 20)[network.output].channels == 6
    with pytest.raises(ValueError, match="25 x 20"):
        network.sizes(25, 20)


@pytest.mark.parametrize(("margin", "height"), [(3, 3), (5, 4)])
def test_a_picture_too_small_to_reflect_is_refused(margin: int, height: int) -> None:
    draft = Draft()
    network = read(draft.model(draft.pad(INPUT, margin)))
    network.sizes(margin + 1, 20)
    with pytest.raises(ValueError, match="too small"):
        network.sizes(height, 20)


def test_normalisations_have_the_parameters_of_the_graph() -> None:
    draft = Draft()
    (layer, *_) = read(draft.model(draft.norm(INPUT))).layers
    assert isinstance(layer.operation, Normalisation)
    assert layer.operation.epsilon == pytest.approx(1e-5)
    assert layer.operation.scale.shape == (3,)
