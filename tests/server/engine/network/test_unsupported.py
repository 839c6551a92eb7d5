"""What cannot be computed in tiles is refused, and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft, old, one, small
from tests.server.engine.tiled.running import read


def refusal(model: bytes) -> UnsupportedNetwork:
    with pytest.raises(UnsupportedNetwork) as caught:
        read(model)
    return caught.value


def mean_normalised() -> bytes:
    draft = Draft()
    return draft.model(draft.add("Add", INPUT, draft.norm(draft.add("GlobalAveragePool", INPUT))))


KERNEL = np.full((3, 3, 3, 3), 0.1, np.float32)
AXES = np.array([2, 3])
REFUSED: dict[str, Callable[[], bytes]] = {
    "GlobalMaxPool": lambda: one("GlobalMaxPool"),
    "ReduceMax": lambda: one("ReduceMax", AXES),
    "ReduceMean": lambda: one("ReduceMean", np.array([3])),
    "Reshape": lambda: one("Reshape", np.array([0, 3, -1, 4])),
    "Transpose": lambda: one("Transpose", perm=[0, 1, 3, 2]),
    "MatMul": lambda: one("MatMul", np.ones((4, 4), np.float32)),
    "Softmax": lambda: one("Softmax", axis=1),
    "LayerNormalization": lambda: one("LayerNormalization", np.ones(8, np.float32), axis=-1),
    "Slice": lambda: one("Slice", np.array([1, 1]), np.array([9, 9]), AXES),
    "LpNormalization": lambda: one("LpNormalization", axis=1),
    "the output": lambda: one("Shape"),
}
LIMITED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "resize to a size": ("Resize", lambda: one("Resize", "", "", np.array([1, 3, 9, 9]), mode="linear")),
    "resize by a fraction": ("Resize", lambda: one("Resize", "", np.array([1, 1, 1.5, 1.5], np.float32))),
    "resize smaller": ("Resize", lambda: one("Resize", "", np.array([1, 1, 0.5, 0.5], np.float32))),
    "channels resized": ("Resize", lambda: one("Resize", "", np.array([1, 2, 2, 2], np.float32))),
    "axes of a resize": ("Resize", lambda: one("Resize", "", np.array([2, 2], np.float32), axes=[1, 2])),
    "against aliasing": (
        "Resize",
        lambda: one("Resize", "", np.array([1, 1, 2, 2], np.float32), mode="linear", antialias=1),
    ),
    "align_corners": (
        "Resize",
        lambda: one(
            "Resize",
            "",
            np.array([1, 1, 2, 2], np.float32),
            mode="linear",
            coordinate_transformation_mode="align_corners",
        ),
    ),
    "negative padding": ("Conv", lambda: one("Conv", KERNEL, pads=[-1] * 4)),
    "one picture for all": ("the output", lambda: one("GlobalAveragePool")),
    "a mean normalised": ("InstanceNormalization", mean_normalised),
    "rounding up": ("MaxPool", lambda: one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)),
    "pad of channels": ("Pad", lambda: one("Pad", np.array([0, 1, 1, 1, 0, 1, 1, 1]))),
    "wrap": ("Pad", lambda: one("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), mode="wrap")),
    "crop": ("Pad", lambda: one("Pad", np.array([0, 0, -1, -1, 0, 0, -1, -1]))),
    "more output padding": (
        "ConvTranspose",
        lambda: one("ConvTranspose", KERNEL, strides=[2, 2], output_padding=[1, 1]),
    ),
    "batch padded": ("Pad", lambda: one("Pad", np.array([1, 0, 1, 1, 0, 0, 1, 1]))),
    "output_shape": ("ConvTranspose", lambda: one("ConvTranspose", KERNEL, strides=[2, 2], output_shape=[48, 40])),
    "gaps": ("ConvTranspose", lambda: one("ConvTranspose", KERNEL[:, :, :1, :1], strides=[2, 2])),
    "a constant picture": ("Add", lambda: one("Add", np.zeros((1, 3, 24, 20), np.float32))),
    "a row": ("Mul", lambda: one("Mul", np.ones(20, np.float32))),
    "slopes along the row": ("PRelu", lambda: one("PRelu", np.ones(20, np.float32))),
    "five axes": ("Add", lambda: one("Add", np.ones((1, 1, 1, 1, 1), np.float32))),
    "rows joined": ("Concat", lambda: one("Concat", INPUT, axis=2)),
    "opset 6": ("opset 6", lambda: old(6, "Add", np.ones(3, np.float32))),
}


@pytest.mark.parametrize("operation", REFUSED)
def test_an_operation_of_unknown_reach_is_named(operation: str) -> None:
    assert refusal(REFUSED[operation]()).operation == operation


@pytest.mark.parametrize("case", LIMITED)
def test_what_an_operation_cannot_do_in_tiles_is_refused_by_its_name(case: str) -> None:
    operation, model = LIMITED[case]
    caught = refusal(model())
    assert caught.operation == operation
    assert len(str(caught)) > len(operation), "a reason"


def test_an_operation_of_somebody_elses_is_refused_by_its_name() -> None:
    model = small(helper.make_node("Relu", [INPUT], [OUTPUT], domain="com.example"))
    assert refusal(model).operation == "Relu"


def test_what_is_taken_apart_is_not_padded_or_enlarged() -> None:
    draft = Draft()
    parts = draft.add("Reshape", draft.conv(INPUT, 4), np.array([0, 2, 2, -1, 20]), channels=4)
    padded = draft.add("Pad", parts, np.array([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), mode="edge")
    assert refusal(draft.model(padded)).operation in ("Pad", "Reshape")


def test_a_node_that_lacks_what_it_needs_is_refused_by_its_name() -> None:
    node = helper.make_node("Concat", [INPUT, INPUT], [OUTPUT])
    assert refusal(small(node)).operation == "Concat"


def test_computed_weights_are_refused() -> None:
    nodes = [helper.make_node("Relu", [INPUT], ["seen"]), helper.make_node("Conv", [INPUT, "seen"], [OUTPUT])]
    assert "operand 1 is computed" in str(refusal(small(*nodes)))


def test_weights_that_the_caller_gives_are_refused() -> None:
    model = onnx.load_model_from_string(small(helper.make_node("Conv", [INPUT, "given"], [OUTPUT])))
    model.graph.input.append(helper.make_tensor_value_info("given", TensorProto.FLOAT, [3, 3, 1, 1]))
    assert refusal(model.SerializeToString()).operation == "Conv"


def test_a_function_of_the_models_own_is_refused() -> None:
    model = onnx.load_model_from_string(small(helper.make_node("Relu", [INPUT], [OUTPUT])))
    body = [helper.make_node("Relu", ["x"], ["y"])]
    model.functions.append(helper.make_function("own", "Twice", ["x"], ["y"], body, model.opset_import))
    assert refusal(model.SerializeToString()).operation == "Twice"


@pytest.mark.parametrize("shape", [("n", "h", "w", 3), ("n", 3, "w"), ("n", "c", "h", "w")])
def test_an_input_of_unknown_channels_is_refused(shape: tuple[Any, ...]) -> None:
    assert refusal(small(helper.make_node("Relu", [INPUT], [OUTPUT]), shape=shape)).operation == "the input"


def test_what_is_computed_in_whole_numbers_is_refused() -> None:
    model = small(helper.make_node("Max", [INPUT, INPUT], [OUTPUT]), kind=TensorProto.UINT8)
    assert refusal(model).operation == "Max"


def test_an_output_that_is_the_input_is_refused() -> None:
    model = small(helper.make_node("Relu", [INPUT], [OUTPUT]))
    with pytest.raises(UnsupportedNetwork, match="the output"):
        read_network(model, input=INPUT, output=INPUT)


def test_an_output_that_no_picture_reaches_is_refused() -> None:
    assert refusal(small(helper.make_node("Relu", ["three"], [OUTPUT]))).operation == "the output"


def test_what_is_left_to_chance_is_not_folded() -> None:
    nodes = [
        helper.make_node("RandomNormal", [], ["noise"], shape=[1, 3, 1, 1]),
        helper.make_node("Add", [INPUT, "noise"], [OUTPUT]),
    ]
    assert refusal(small(*nodes)).operation == "RandomNormal"
