"""Graphs that turn, reshape, join and cut what layers leave as it is: read as the layers that they mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import TensorProto

from server.engine.network.network import Network
from server.engine.network.operations import Convolution, DepthToSpace, Normalisation, SpaceToDepth
from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft
from tests.server.engine.tiled.running import Way, in_tiles, noise, plan_in, read, run_plan, whole

LAYOUTS = {"last": CHANNELS_LAST, "first": CHANNELS_FIRST}
TO_LAST, TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
PER_CHANNEL = np.array([0.5, -1, 2], np.float32)


def kinds(network: Network) -> list[str]:
    return [type(layer.operation).__name__ for layer in network.layers]


def shape_of(draft: Draft, x: str, start: int, end: int) -> str:
    return draft.add("Shape", x, start=start, end=end, channels=1)


def reshaped(draft: Draft, x: str, *lengths: str | int, channels: int = 1) -> str:
    parts = [one if isinstance(one, str) else np.array([one]) for one in lengths]
    return draft.add("Reshape", x, draft.add("Concat", *parts, axis=0, channels=1), channels=channels)


def turned(draft: Draft, x: str, order: list[int]) -> str:
    return draft.add("Transpose", x, perm=order)


def identity_spelled_out(draft: Draft) -> str:
    """A batch normalisation as exporters write instance normalisation with stored statistics."""
    x = draft.conv(INPUT, 4)
    flat = reshaped(draft, x, 1, 4, shape_of(draft, x, 2, 4))
    constants = [draft.random(4, scale=0.1, around=around) for around in (1.0, 0.0, 0.2, 2.0)]
    normed = draft.add("BatchNormalization", flat, *constants)
    return draft.add("Reshape", normed, draft.add("Shape", x, channels=1), allowzero=1, channels=4)


def shuffled(draft: Draft, order: list[int]) -> str:
    """Channels to pixels, step by step; the numbers of channels are computed too."""
    x = draft.conv(INPUT, 12, pads=[1] * 4)
    height, width = shape_of(draft, x, 2, 3), shape_of(draft, x, 3, 4)
    third = draft.add("Div", shape_of(draft, x, 1, 2), np.array([4]), channels=1)
    lengths: list[str | int] = [2, 2, third] if order[1] == 3 else [third, 2, 2]
    x = turned(draft, reshaped(draft, x, 1, *lengths, height, width), order)
    twice = [draft.add("Mul", length, np.array([2]), channels=1) for length in (height, width)]
    return reshaped(draft, x, 1, -1, *twice, channels=3)


def unshuffled(draft: Draft) -> str:
    half = [draft.add("Div", shape_of(draft, INPUT, axis, axis + 1), np.array([2]), channels=1) for axis in (2, 3)]
    x = reshaped(draft, INPUT, 0, 0, half[0], 2, half[1], 2)
    return reshaped(draft, turned(draft, x, [0, 1, 3, 5, 2, 4]), 1, 12, *half, channels=12)


def channel_shuffle(draft: Draft) -> str:
    x = draft.conv(INPUT, 6)
    groups = reshaped(draft, x, 1, 2, 3, shape_of(draft, x, 2, 4))
    return draft.add("Reshape", turned(draft, groups, [0, 2, 1, 3, 4]), draft.add("Shape", x, channels=1), channels=6)


def gated(draft: Draft) -> str:
    left, right = "left", "right"
    x = draft.conv(INPUT, 8)
    draft.node("Split", [x], [left, right], channels=4, axis=1, num_outputs=2)
    return draft.add("Mul", left, draft.add("Sigmoid", right))


def sliced(draft: Draft) -> str:
    x = draft.conv(INPUT, 8)
    parts = [
        draft.add("Slice", x, *map(np.array, ([start], [stop], [1])), channels=3) for start, stop in ((0, 3), (-3, 99))
    ]
    return draft.add("Sub", *parts)


GRAPHS: dict[str, Callable[[Draft], str]] = {
    "a batch normalisation between reshapes": identity_spelled_out,
    "channels to pixels": lambda draft: shuffled(draft, [0, 1, 4, 2, 5, 3]),
    "channels to pixels, depth first": lambda draft: shuffled(draft, [0, 3, 4, 1, 5, 2]),
    "pixels to channels": unshuffled,
    "pixels to channels and back": lambda draft: draft.add(
        "DepthToSpace",
        draft.add("SpaceToDepth", draft.conv(INPUT, 4, pads=[1] * 4), blocksize=2),
        blocksize=2,
        mode="CRD",
    ),
    "channels to pixels beside the picture": lambda draft: draft.add(
        "Add", shuffled(draft, [0, 1, 4, 2, 5, 3]), draft.grow(INPUT)
    ),
    "channels shuffled": channel_shuffle,
    "channels chosen": lambda draft: draft.add("Gather", draft.conv(INPUT, 4), np.array([3, -4, 1, 1]), axis=1),
    "a gate": gated,
    "slices": sliced,
    "a dropout behind a change of type": lambda draft: draft.add(
        "Dropout", draft.add("Cast", draft.conv(INPUT, 3), to=TensorProto.FLOAT)
    ),
    "channels last in between": lambda draft: turned(
        draft, draft.add("Mul", draft.relu(turned(draft, INPUT, TO_LAST)), PER_CHANNEL), TO_FIRST
    ),
    "a matrix for every pixel": lambda draft: turned(
        draft, draft.add("MatMul", turned(draft, INPUT, TO_LAST), draft.random(3, 5), channels=5), TO_FIRST
    ),
    "a layer norm of every pixel's channels": lambda draft: turned(
        draft,
        draft.add("LayerNormalization", turned(draft, INPUT, TO_LAST), *draft.affine(3), axis=-1, epsilon=1e-3),
        TO_FIRST,
    ),
    "squeezed": lambda draft: draft.add(
        "Squeeze", draft.relu(draft.add("Unsqueeze", INPUT, np.array([2, 5]))), np.array([2, 5])
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", GRAPHS)
def test_graphs_mean_what_they_mean_to_onnxruntime(case: str, layout: str) -> None:
    draft, picture = Draft(), noise(3, 24, 20)
    model = draft.model(GRAPHS[case](draft))
    found = in_tiles(model, picture, Way(tile_room=1, layout=LAYOUTS[layout]))
    np.testing.assert_allclose(found, whole(model, picture), rtol=1e-5, atol=1e-5)


def test_what_only_moves_values_about_is_no_layer() -> None:
    draft = Draft()
    x = turned(draft, draft.conv(turned(draft, turned(draft, INPUT, TO_LAST), TO_FIRST), 4), TO_LAST)
    network = read(draft.model(turned(draft, x, TO_FIRST)))
    assert kinds(network) == ["Convolution", "Pointwise"]


def test_a_shuffle_is_one_layer_whichever_way_it_is_spelled() -> None:
    for order in ([0, 1, 4, 2, 5, 3], [0, 3, 4, 1, 5, 2]):
        draft = Draft()
        (operation,) = (
            layer.operation
            for layer in read(draft.model(shuffled(draft, order))).layers
            if isinstance(layer.operation, DepthToSpace)
        )
        assert (operation.side, operation.mode) == (2, "CRD" if order[1] == 1 else "DCR")


def test_rows_for_columns_are_refused_by_what_turned_them() -> None:
    draft = Draft()
    model = draft.model(draft.conv(turned(draft, INPUT, [0, 1, 3, 2]), 4))
    with pytest.raises(UnsupportedNetwork) as caught:
        read(model)
    assert caught.value.operation == "Transpose"


def test_windows_of_pixels_are_refused() -> None:
    draft = Draft()
    half = draft.add("Div", shape_of(draft, INPUT, 2, 3), np.array([2]), channels=1)
    model = draft.model(reshaped(draft, INPUT, 2, 3, half, shape_of(draft, INPUT, 3, 4)))
    with pytest.raises(UnsupportedNetwork, match="Reshape"):
        read(model)


def last(draft: Draft) -> str:
    """As TensorFlow's converter writes a network: each convolution between two transpositions."""
    x = turned(draft, draft.conv(turned(draft, INPUT, TO_FIRST), 8), TO_LAST)
    x = draft.relu(draft.add("Add", x, draft.random(8)))
    x = draft.add("Pad", x, np.array([0, 1, 1, 0, 0, 1, 1, 0]), mode="reflect")
    mean = draft.add("ReduceMean", x, np.array([1, 2]))
    rest = draft.add("Sub", x, mean)
    variance = draft.add("ReduceMean", draft.add("Mul", rest, rest), np.array([1, 2]))
    x = draft.add("Div", rest, draft.add("Sqrt", draft.add("Add", variance, np.float32(1e-5))))
    x = draft.add("Resize", x, "", np.array([1, 2, 2, 1], np.float32), mode="linear")
    x = draft.add("Concat", x, draft.add("Neg", x), axis=3, channels=16)
    x = turned(draft, draft.conv(turned(draft, x, TO_FIRST), 12, strides=[2, 2], pads=[1] * 4), TO_LAST)
    return turned(draft, draft.conv(turned(draft, x, TO_FIRST), 3, pads=[1] * 4), TO_LAST)


def layer_normed(draft: Draft) -> str:
    """A layer norm as TensorFlow spells it: one mean for all values, and a factor for each channel."""
    x = turned(draft, draft.conv(turned(draft, INPUT, TO_FIRST), 8), TO_LAST)
    mean = draft.add("ReduceMean", x, np.array([1, 2, 3]))
    rest = draft.add("Sub", x, mean)
    variance = draft.add("ReduceMean", draft.add("Mul", rest, rest), np.array([1, 2, 3]))
    inverse = draft.add("Reciprocal", draft.add("Sqrt", draft.add("Add", variance, np.float32(1e-5))))
    scale, shift = draft.affine(8)
    factor = draft.add("Mul", inverse, scale)
    offset = draft.add("Sub", shift, draft.add("Mul", mean, factor))
    x = draft.add("Add", draft.add("Mul", x, factor), offset)
    return turned(draft, draft.conv(turned(draft, x, TO_FIRST), 3, pads=[1] * 4), TO_LAST)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layer_norm_over_everything_is_computed_in_tiles(layout: str) -> None:
    draft, picture, way = Draft(), noise(3, 24, 20), Way(tile_room=1, layout=LAYOUTS[layout])
    model = draft.model(layer_normed(draft), channels_last=True)
    network = read_network(model, input=INPUT, output=OUTPUT, channels_last=True)
    assert len(list(network.norms())) == 1
    found = run_plan(network, plan_in(network, way, 24, 20), way.layout, picture)
    expected = whole(model, np.ascontiguousarray(picture.transpose(TO_LAST))).transpose(TO_FIRST)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_network_whose_channels_come_last_is_computed_in_tiles(layout: str) -> None:
    draft, picture, way = Draft(), noise(3, 24, 20), Way(tile_room=1, layout=LAYOUTS[layout])
    model = draft.model(last(draft), channels_last=True)
    network = read_network(model, input=INPUT, output=OUTPUT, channels_last=True)
    assert kinds(network).count("Statistic") == 2
    assert len(list(network.norms())) == 1
    found = run_plan(network, plan_in(network, way, 24, 20), way.layout, picture)
    expected = whole(model, np.ascontiguousarray(picture.transpose(TO_LAST))).transpose(TO_FIRST)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_result_in_another_order_than_the_picture_is_refused() -> None:
    draft = Draft()
    model = draft.model(turned(draft, INPUT, TO_FIRST), channels_last=True)
    with pytest.raises(UnsupportedNetwork, match="the output"):
        read_network(model, input=INPUT, output=OUTPUT, channels_last=True)


def test_a_group_norm_is_one_layer_whichever_way_it_is_spelled() -> None:
    draft = Draft()
    x = draft.conv(INPUT, 8)
    flat = reshaped(draft, x, 0, 2, -1)
    normed = draft.add("InstanceNormalization", flat, np.ones(2, np.float32), np.zeros(2, np.float32), epsilon=1e-3)
    x = draft.add("Reshape", normed, draft.add("Shape", x, channels=1), channels=8)
    network = read(draft.model(x))
    assert kinds(network) == ["Convolution", "Normalisation", "Pointwise"]
    convolution, norm = (layer.operation for layer in network.layers[:2])
    assert isinstance(norm, Normalisation)
    assert (norm.groups, norm.scale.size) == (2, 8)
    assert isinstance(convolution, Convolution)
    assert convolution.bias is not None, "it moves the channels of a group apart"


@pytest.mark.parametrize(("opset", "parameters"), [(18, 4), (20, 4), (21, 8)])
def test_a_group_norm_has_parameters_of_groups_and_later_of_channels(opset: int, parameters: int) -> None:
    draft, picture = Draft(opset=opset), noise(3, 24, 20)
    x = draft.add("GroupNormalization", draft.conv(INPUT, 8), *draft.affine(parameters), num_groups=4)
    model = draft.model(x)
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=1e-5)


def test_pixels_go_to_channels_in_one_layer() -> None:
    draft = Draft()
    network = read(draft.model(draft.conv(unshuffled(draft), 3)))
    assert kinds(network) == ["SpaceToDepth", "Channels", "Convolution", "Pointwise"]
    assert isinstance(network.layers[0].operation, SpaceToDepth)
    with pytest.raises(ValueError, match="25 x 20"):
        network.sizes(25, 20)
