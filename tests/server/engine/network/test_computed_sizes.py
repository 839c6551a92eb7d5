"""Sizes that a graph computes from shapes: understood however they are spelled, and checked for every picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from server.engine.network.lengths import Equality, layer_length, lifted
from server.engine.network.operations import Resize
from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft
from tests.server.engine.tiled.running import Way, in_tiles, noise, read, whole


def shape(draft: Draft, x: str, **attributes: int) -> str:
    return draft.add("Shape", x, channels=1, **attributes)


def numbers(draft: Draft, operation: str, *operands: Any, **attributes: Any) -> str:
    return draft.add(operation, *operands, channels=1, **attributes)


def small(draft: Draft) -> str:
    return draft.conv(INPUT, 4, strides=[2, 2], pads=[1] * 4)


def resized(draft: Draft, x: str, sizes: str, **attributes: Any) -> str:
    return draft.add("Resize", x, "", "", sizes, mode="linear", **attributes)


def to_anothers_size(draft: Draft) -> str:
    """As F.interpolate(x, size=y.shape[2:]) is exported: one length after the other."""
    x = small(draft)
    parts = [numbers(draft, "Gather", shape(draft, INPUT), np.array(axis), axis=0) for axis in (2, 3)]
    parts = [numbers(draft, "Unsqueeze", part, np.array([0])) for part in parts]
    first = numbers(draft, "Slice", shape(draft, x), np.array([0]), np.array([2]), np.array([0]))
    sizes = numbers(draft, "Concat", *parts, axis=0)
    sizes = numbers(draft, "Cast", sizes, to=TensorProto.INT64)
    return resized(draft, x, numbers(draft, "Concat", first, sizes, axis=0))


def to_twice_the_floor(draft: Draft) -> str:
    """As scale_factor=2 with recomputed factors: in floats, rounded down."""
    x = small(draft)
    sides = numbers(draft, "Cast", shape(draft, x, start=2), to=TensorProto.FLOAT)
    sides = numbers(draft, "Floor", numbers(draft, "Mul", sides, np.array([2, 2], np.float32)))
    sides = numbers(draft, "Cast", sides, to=TensorProto.INT64)
    return resized(draft, x, sides, axes=[2, 3])


def by_a_computed_scale(draft: Draft) -> str:
    x = small(draft)
    sides = [numbers(draft, "Cast", shape(draft, of, start=2), to=TensorProto.FLOAT) for of in (INPUT, x)]
    scales = numbers(draft, "Concat", np.ones(2, np.float32), numbers(draft, "Div", *sides), axis=0)
    return draft.add("Resize", x, "", scales, mode="nearest")


def expanded(draft: Draft) -> str:
    """The mean of the picture at every pixel, joined to it."""
    mean = draft.add("GlobalAveragePool", INPUT)
    minus_one = numbers(draft, "Equal", shape(draft, INPUT), np.array([-1]))
    target = numbers(draft, "Where", minus_one, np.array([1]), shape(draft, INPUT))
    return draft.conv(draft.concat(draft.add("Expand", mean, target), INPUT), 3)


def mean_resized(draft: Draft) -> str:
    mean = draft.conv(draft.add("GlobalAveragePool", small(draft)), 4, 1)
    sides = numbers(draft, "Concat", np.array([1, 4]), shape(draft, INPUT, start=2), axis=0)
    return draft.concat(INPUT, resized(draft, mean, sides))


def padded_by_what_is_missing(draft: Draft) -> str:
    """To a multiple of 4, of which the picture is one already; and by a margin that comes of shapes."""
    rest = numbers(draft, "Mod", numbers(draft, "Neg", shape(draft, INPUT, start=2)), np.array([4]))
    zeros = numbers(draft, "ConstantOfShape", np.array([2]), value=draft.tensor(np.array([0])))
    x = draft.add("Pad", INPUT, numbers(draft, "Concat", np.array([0] * 4), zeros, rest, axis=0))
    quarter = numbers(draft, "Sub", shape(draft, INPUT, start=2), shape(draft, draft.conv(INPUT, 1), start=2))
    return draft.add("Pad", x, numbers(draft, "Concat", zeros, quarter, zeros, quarter, axis=0), mode="reflect")


def standardised_by_the_sample(draft: Draft) -> str:
    """By the deviation of a sample, for which the number of values is computed."""
    flat = draft.add("Reshape", INPUT, np.array([0, 3, -1]))
    mean = draft.add("ReduceMean", flat, np.array([2]))
    rest = draft.add("Sub", flat, mean)
    variance = draft.add("ReduceMean", draft.add("Mul", rest, rest), np.array([2]))
    count = numbers(draft, "ReduceProd", numbers(draft, "Gather", shape(draft, flat), np.array([2])), keepdims=0)
    count = numbers(draft, "Cast", count, to=TensorProto.FLOAT)
    less = numbers(draft, "Sub", count, np.float32(1))
    variance = draft.add("Div", draft.add("Mul", variance, count, channels=3), less, channels=3)
    found = draft.add("Div", rest, draft.add("Sqrt", variance))
    return draft.add("Reshape", found, shape(draft, INPUT), channels=3)


SIZES: dict[str, Callable[[Draft], str]] = {
    "to another's size": to_anothers_size,
    "to twice the floor": to_twice_the_floor,
    "by a computed scale": by_a_computed_scale,
    "one pixel for all, expanded": expanded,
    "one pixel for all, resized": mean_resized,
    "padded by what is missing": padded_by_what_is_missing,
    "standardised by the sample": standardised_by_the_sample,
}


@pytest.mark.parametrize("case", SIZES)
def test_computed_sizes_mean_what_they_mean_to_onnxruntime(case: str) -> None:
    draft, picture = Draft(), noise(3, 24, 20)
    model = draft.model(SIZES[case](draft))
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=1e-5)


@pytest.mark.parametrize("case", ["to another's size", "by a computed scale", "padded by what is missing"])
def test_a_picture_for_which_the_sizes_come_out_differently_is_refused(case: str) -> None:
    draft = Draft()
    network = read(draft.model(SIZES[case](draft)))
    network.sizes(24, 20)
    with pytest.raises(ValueError, match="25 x 20"):
        network.sizes(25, 20)


def test_layers_that_only_sizes_are_taken_of_are_not_computed() -> None:
    draft = Draft()
    network = read(
        draft.model(
            resized(
                draft,
                small(draft),
                numbers(
                    draft,
                    "Concat",
                    np.array([1, 4]),
                    shape(draft, draft.pad(draft.conv(INPUT, 64), 1), start=2),
                    axis=0,
                ),
            )
        )
    )
    assert [type(layer.operation).__name__ for layer in network.layers] == ["Pad", "Convolution", "Resize", "Pointwise"]
    assert network.sizes(24, 20)[network.output].height == 24


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_a_fraction_is_refused_however_it_is_computed(factor: float) -> None:
    draft = Draft()
    sides = numbers(draft, "Cast", shape(draft, INPUT, start=2), to=TensorProto.FLOAT)
    sides = numbers(draft, "Cast", numbers(draft, "Mul", sides, np.float32(factor)), to=TensorProto.INT64)
    with pytest.raises(UnsupportedNetwork, match="Resize"):
        read(draft.model(resized(draft, INPUT, sides, axes=[2, 3])))


def test_a_size_that_pixels_decide_is_refused() -> None:
    draft = Draft()
    sides = numbers(draft, "Cast", draft.add("ReduceMax", INPUT, np.array([2, 3])), to=TensorProto.INT64)
    with pytest.raises(UnsupportedNetwork, match="ReduceMax"):
        read(draft.model(resized(draft, INPUT, sides)))


def test_one_size_for_all_pictures_is_refused() -> None:
    draft = Draft()
    model = draft.model(resized(draft, INPUT, draft.constant(np.array([1, 3, 48, 40]))))
    with pytest.raises(UnsupportedNetwork, match="Resize"):
        read_network(model, input=INPUT, output=OUTPUT)


def test_a_size_that_is_the_same_already_is_no_layer() -> None:
    draft = Draft()
    network = read(
        draft.model(resized(draft, draft.conv(INPUT, 4, pads=[1] * 4), shape(draft, INPUT, start=2), axes=[2, 3]))
    )
    assert not [layer for layer in network.layers if isinstance(layer.operation, Resize)]


def test_an_equality_holds_or_not_by_the_sizes_of_layers() -> None:
    half = lifted(lambda length: length // 2)(layer_length("a", 0))
    same = Equality(half, layer_length("b", 1))
    assert same.holds({"a": (9, 1), "b": (1, 4)})
    assert not same.holds({"a": (10, 1), "b": (1, 4)})
