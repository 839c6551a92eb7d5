"""Which sizes a network is found to compute, and what is said of one that computes none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from server.engine.backend import Backend
from server.errors import FilterProblem
from server.filters.filter_file import read_filter
from tests import factories
from tests.server.engine.tiled.drafts import INPUT, Draft, one
from tests.server.filters.conftest import Problem, Read
from tests.server.filters.networks import axes, residual, sidecar, skipping


@pytest.mark.parametrize(
    ("model", "multiple", "least"),
    [
        (residual(2), 4, 16),
        (residual(4), 16, 32),
        (residual(2, margin=5), 4, 24),
        (residual(3, margin=12), 8, 104),
        (skipping(2, 3), 9, 18),
        (skipping(1, 5), 5, 20),
    ],
)
def test_a_network_is_served_from_the_least_size_that_it_computes(
    read: Read, model: bytes, multiple: int, least: int
) -> None:
    """Smaller pictures are padded to it, and come back in their size."""
    network = read(model, sidecar(multiple)).network
    for height, width in ((1, 1), (least, least - 1), (least + multiple, least), (3, least + 2 * multiple + 1)):
        picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)
        assert factories.translated(network, picture).shape == picture.shape


@pytest.mark.parametrize(
    ("model", "multiple", "right"),
    [
        (residual(2), 1, 4),
        (residual(2), 2, 4),
        (residual(2), 6, 4),
        (residual(4), 1, 16),
        (residual(4), 8, 16),
        (skipping(3), 1, 8),
        (skipping(5), 4, 32),
        (skipping(2, 3), 1, 9),
        (skipping(2, 5), 1, 25),
        (skipping(1, 7), 2, 7),
    ],
)
def test_a_multiple_that_is_too_small_is_told_the_right_one(
    read: Read, problem: Problem, model: bytes, multiple: int, right: int
) -> None:
    sentence = problem(model, sidecar(multiple))
    assert f"multiples of {right}, not of {multiple} (of" in sentence
    assert sentence.endswith(f"; write multiple = {right} in filter.toml.")
    assert read(model, sidecar(right)).description.spatial_multiple == right


def test_a_file_may_have_any_name(tmp_path: Path, device: Backend) -> None:
    (tmp_path / "a {b} %s.toml").write_text(sidecar(1))
    with pytest.raises(FilterProblem, match=r"write multiple = 4 in a \{b\} %s.toml"):
        read_filter(factories.put_bytes(tmp_path / "a {b} %s.onnx", residual(2)), device)


def test_a_filter_of_our_own_is_told_to_be_exported_with_the_right_multiple(problem: Problem) -> None:
    model = onnx.load_model_from_string(residual(2))
    helper.set_model_props(model, factories.metadata(spatial_multiple="2"))
    sentence = problem(model)
    assert "(of 16 x 18 pixels: it answers 16 x 20 pixels)" in sentence
    assert sentence.endswith("; export it again with a spatial multiple of 4.")


def answering(layer: str) -> bytes:
    draft = Draft()
    results = {
        "pixel shuffle": lambda: draft.add(
            "DepthToSpace", draft.conv(INPUT, 12, pads=[1] * 4), blocksize=2, channels=3
        ),
        "half": lambda: draft.conv(INPUT, 3, pads=[1] * 4, strides=[2, 2]),
        "one and a half": lambda: draft.add("Resize", INPUT, "", np.array([1, 1, 1.5, 1.5], np.float32)),
        "no padding": lambda: draft.conv(draft.norm(INPUT), 3),
        "much padding": lambda: draft.conv(INPUT, 3, pads=[3] * 4),
        "two channels": lambda: draft.conv(INPUT, 2, pads=[1] * 4),
        "a class": lambda: draft.add("Flatten", draft.add("GlobalAveragePool", draft.conv(INPUT, 10))),
        "one size": lambda: draft.add("Resize", INPUT, "", "", np.array([1, 3, 200, 200])),
    }
    return draft.model(results[layer]())


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("pixel shuffle", "answers with 2 times the height and width of the picture"),
        ("half", "answers with 1/2 of the height and width"),
        ("one and a half", "answers with 3/2 of the height and width"),
        ("no padding", "answers with H-2 x W-2 pixels to H x W, as convolutions without padding do"),
        ("much padding", "answers with H+4 x W+4 pixels"),
        ("two channels", "answers with 2 channels; expected 3 (RGB), 1 (grey) or 4"),
        ("a class", "answers with 2 axes, 1 x 10, and a picture has four"),
        ("one size", "test pictures, such as one of 16 x 17 pixels: it answers 200 x 200 pixels"),
    ],
)
def test_an_answer_that_is_no_picture_of_the_same_size_is_named(problem: Problem, layer: str, words: str) -> None:
    assert words in problem(answering(layer), sidecar(1))


def square_only() -> bytes:
    """Takes the height for the width too."""
    draft = Draft()
    height = draft.add("Unsqueeze", draft.add("Gather", draft.add("Shape", INPUT), np.array(2)), np.array([0]))
    shape = draft.add("Concat", np.array([0, 3]), height, height, axis=0)
    return draft.model(draft.add("Reshape", INPUT, shape, channels=3))


def test_a_network_for_square_pictures_is_refused_for_that(problem: Problem) -> None:
    assert problem(square_only(), sidecar(4)).startswith("It computes square pictures only;")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (axes(residual(2), {0: 10}), "a fixed batch of 10, and pictures come one by one"),
        (axes(residual(2), {2: 256, 3: 256}), "takes pictures of 256 x 256 pixels only"),
        (axes(residual(2), {2: 256}), "takes pictures of 256 x any pixels only"),
        (residual(2, inside=2), "has 2 channels; expected 3 (RGB), 1 (grey) or 4 (RGB and alpha)"),
        (residual(2, inside=4), 'has 4 channels; write channels = "RGBA" or "BGRA" in filter.toml'),
        (axes(residual(2, inside=1), {1: "c"}), "Input channels C is not equal to kernel channels * group. C: 3"),
        (one("Log"), "the network answered with values that are not finite"),
    ],
)
def test_an_input_that_no_picture_fits_is_named(problem: Problem, model: bytes, words: str) -> None:
    assert words in problem(model, sidecar(4))


@pytest.mark.parametrize(
    "lengths", [{0: 1}, {0: -1}, {2: -1, 3: -1}, {2: "side", 3: "side"}, {0: "", 2: "", 3: ""}, {1: "channels"}]
)
def test_axes_that_leave_the_size_free_are_served(read: Read, lengths: dict[int, int | str]) -> None:
    assert read(axes(residual(2), lengths), sidecar(4)).identifier == "filter"


def test_what_onnxruntime_cannot_load_is_refused_with_its_words(problem: Problem) -> None:
    newer, unknown, elsewhere = (onnx.load_model_from_string(residual(1)) for _ in range(3))
    newer.ir_version = 99
    unknown.opset_import[0].version = 99
    elsewhere.opset_import.append(helper.make_opsetid("com.example", 1))
    elsewhere.graph.node[1].domain = "com.example"
    assert "onnxruntime cannot load it (Unsupported model IR version: 99, max supported" in problem(newer, sidecar(2))
    assert "onnx opset versions. Opset 99 is under development" in problem(unknown, sidecar(2))
    assert "has the operation 'com.example.Conv'" in problem(elsewhere, sidecar(2))


def test_quantised_networks_are_served(read: Read) -> None:
    """As pairs of QuantizeLinear and DequantizeLinear."""
    draft = Draft()
    scale, zero = np.float32(1 / 100), np.int8(0)
    small = draft.add("DequantizeLinear", draft.add("QuantizeLinear", INPUT, scale, zero, channels=3), scale, zero)
    weight = draft.add("DequantizeLinear", np.full((3, 3, 3, 3), 5, np.int8), scale, zero)
    network = read(draft.model(draft.add("Conv", small, weight, pads=[1] * 4, channels=3)), sidecar(1)).network
    picture = np.full((1, 3, 20, 30), 0.1, np.float32)
    np.testing.assert_allclose(factories.translated(network, picture)[..., 1:-1, 1:-1], 27 * 0.05 * 0.1, atol=1e-5)


@pytest.mark.parametrize(
    ("element", "words"), [(TensorProto.STRING, "takes string"), (TensorProto.BFLOAT16, "takes bfloat16")]
)
def test_a_type_in_which_no_picture_can_be_given_is_named(problem: Problem, element: int, words: str) -> None:
    model = onnx.load_model_from_string(residual(1))
    model.graph.input[0].type.tensor_type.elem_type = element
    assert words in problem(model, sidecar(2))
