"""Statistics that are written out, in real onnxruntime against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from server.engine.exact_statistics import with_exact_statistics
from server.engine.network.arrays import Array
from tests.server.engine.tiled.running import open_session

CHANNELS = 3
SCALE, SHIFT = np.array([1, 0.5, -2], np.float32), np.array([0, 1, -1], np.float32)


def model_of(
    operation: str, *operands: Array, rank: int = 4, opset: int = 20, kind: int = TensorProto.FLOAT, **attributes: Any
) -> bytes:
    """One operation on a picture, between two others."""
    constants = [numpy_helper.from_array(value, f"operand {number}") for number, value in enumerate(operands)]
    names = ["seen", *(constant.name for constant in constants)]
    nodes = [
        helper.make_node("Identity", ["x"], ["seen"]),
        helper.make_node(operation, names, ["found"], **attributes),
        helper.make_node("Identity", ["found"], ["y"]),
    ]
    given = helper.make_tensor_value_info("x", kind, ["n", CHANNELS, *map(str, range(2, rank))])
    graph = helper.make_graph(nodes, "one", [given], [helper.make_empty_tensor_value_info("y")], constants)
    graph.output[0].type.tensor_type.elem_type = kind
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(made.SerializeToString())


def norm(**changes: Any) -> bytes:
    kind = helper.tensor_dtype_to_np_dtype(changes.get("kind", TensorProto.FLOAT))
    return model_of("InstanceNormalization", SCALE.astype(kind), SHIFT.astype(kind), **changes)


def normalised(values: Array, epsilon: float = 1e-5) -> Array:
    """In float64."""
    wide, axes = values.astype(np.float64), tuple(range(2, values.ndim))
    scale, shift = (value.reshape(-1, *[1] * (values.ndim - 2)) for value in (SCALE, SHIFT))
    rest = wide - wide.mean(axes, keepdims=True)
    return np.asarray(rest / np.sqrt(wide.var(axes, keepdims=True) + epsilon) * scale + shift)


def answer(model: bytes, values: Array) -> Array:
    (found,) = open_session(with_exact_statistics(model)).run(None, {"x": values})
    return np.asarray(found)


def far(*shape: int, mean: float = 1000) -> Array:
    """Noise with this mean and a deviation of 1."""
    return (mean + np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("opset", [7, 11, 13, 17, 18, 20, 21])
def test_a_normalisation_has_all_digits_at_any_opset(opset: int) -> None:
    values = far(2, CHANNELS, 300, 400)
    np.testing.assert_allclose(answer(norm(opset=opset), values), normalised(values), atol=5e-4)


@pytest.mark.parametrize("shape", [(1, 3, 30000), (2, 3, 20, 30, 40), (1, 3, 1, 1), (1, 3, 1, 999)])
def test_nor_does_it_matter_how_many_axes_there_are(shape: tuple[int, ...]) -> None:
    values = far(*shape)
    np.testing.assert_allclose(answer(norm(rank=len(shape)), values), normalised(values), atol=5e-4)


@pytest.mark.parametrize("mean", [0, 1000])
def test_large_planes_are_normalised_as_exactly(mean: float) -> None:
    values = far(1, CHANNELS, 1000, 1100, mean=mean)
    np.testing.assert_allclose(answer(norm(), values), normalised(values), atol=5e-4)


def test_the_epsilon_is_the_nodes_own() -> None:
    values = far(1, CHANNELS, 50, 60, mean=0)
    np.testing.assert_allclose(answer(norm(epsilon=0.5), values), normalised(values, 0.5), atol=1e-5)


def test_one_colour_becomes_the_shift() -> None:
    values = np.full((1, CHANNELS, 300, 400), 250.3, np.float32)
    np.testing.assert_allclose(answer(norm(), values), normalised(values), atol=1e-5)


def test_a_network_of_half_precision_sums_in_float32() -> None:
    values = far(1, CHANNELS, 300, 400, mean=10).astype(np.float16)
    found = answer(norm(kind=TensorProto.FLOAT16), values)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, normalised(values), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize(("opset", "axes"), [(17, [2, 3]), (20, [2, 3]), (20, [-1, -2]), (20, [1, 3])])
def test_means_over_several_axes_have_all_digits(opset: int, axes: list[int], keepdims: int) -> None:
    values = far(1, CHANNELS, 1000, 1100)
    if opset < 18:
        model = model_of("ReduceMean", opset=opset, axes=axes, keepdims=keepdims)
    else:
        model = model_of("ReduceMean", np.array(axes), opset=opset, keepdims=keepdims)
    expected = values.astype(np.float64).mean(tuple(axes), keepdims=bool(keepdims))
    np.testing.assert_allclose(answer(model, values), expected, rtol=1e-6)


def test_global_pools_have_too() -> None:
    values = far(1, CHANNELS, 1000, 1100)
    expected = values.astype(np.float64).mean((2, 3), keepdims=True)
    np.testing.assert_allclose(answer(model_of("GlobalAveragePool"), values), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        model_of("Relu"),
        model_of("ReduceMean", np.array([3])),
        model_of("ReduceMean", keepdims=0),
        model_of("ReduceMax", np.array([2, 3])),
    ],
)
def test_all_else_stays_as_it_is(model: bytes) -> None:
    assert onnx.load_model_from_string(with_exact_statistics(model)) == onnx.load_model_from_string(model)


def test_a_picture_of_unknown_axes_stays_as_it_is() -> None:
    model = onnx.load_model_from_string(norm())
    model.graph.input[0].type.tensor_type.ClearField("shape")
    values = far(1, CHANNELS, 20, 30, mean=0)
    np.testing.assert_allclose(answer(model.SerializeToString(), values), normalised(values), atol=1e-5)
