"""What the keys of a sidecar do to a picture on its way into a network and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from server.engine.backend import Backend
from server.engine.cancel import CancelToken
from server.engine.pixels import Tensor
from server.engine.source import Band, TensorSource
from server.filters.examination import examine
from server.filters.filter_file import Filter
from server.filters.verdicts import Verdicts
from tests import factories
from tests.server.engine.tiled.drafts import INPUT
from tests.server.filters.conftest import Problem, Read
from tests.server.filters.networks import channels_last, eight_bit, residual, sidecar

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 20, 24)).astype(np.float32)
LUMA = np.tensordot(np.array([0.2126, 0.7152, 0.0722]), PICTURE, axes=(0, 1))[:, None]
IMAGENET = ("mean = [0.485, 0.456, 0.406]", "std = [0.229, 0.224, 0.225]")
CAFFE = ('channels = "BGR"', "mean = [103.939, 116.779, 123.68]")


def plain(
    *nodes: onnx.NodeProto, inside: int = 3, outside: int = 3, kinds: Sequence[int] = (TensorProto.FLOAT,) * 2
) -> onnx.ModelProto:
    """A network of these nodes from image to translated, with inputs and outputs of these channels and types."""
    ends = zip(("image", "translated"), kinds, (inside, outside), strict=True)
    values = [helper.make_tensor_value_info(name, kind, ["n", count, "h", "w"]) for name, kind, count in ends]
    graph = helper.make_graph(list(nodes), "plain", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def identity(**options: Any) -> onnx.ModelProto:
    return plain(helper.make_node("Identity", ["image"], ["translated"]), **options)


def with_constants(model: onnx.ModelProto, **constants: Any) -> onnx.ModelProto:
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    return model


def first_channel() -> onnx.ModelProto:
    """Answers with what it gets first, as grey."""
    node = helper.make_node("Slice", ["image", "zero", "one", "one"], ["translated"])
    return with_constants(plain(node, outside=1), zero=np.array([0]), one=np.array([1]))


@pytest.mark.parametrize(("channels", "first"), [("RGB", 0), ("BGR", 2)])
def test_channels_say_in_which_order_they_come(read: Read, channels: str, first: int) -> None:
    found = read(first_channel(), sidecar(1, f'channels = "{channels}"'))
    expected = PICTURE[:, [first] * 3]
    np.testing.assert_array_equal(factories.translated(found.network, PICTURE), expected)


def test_an_answer_comes_in_the_order_of_the_input_unless_it_says_another(read: Read) -> None:
    both, one = (sidecar(1, 'channels = "BGR"', *more) for more in ((), ('output_channels = "RGB"',)))
    np.testing.assert_array_equal(factories.translated(read(identity(), both).network, PICTURE), PICTURE)
    np.testing.assert_array_equal(factories.translated(read(identity(), one).network, PICTURE), PICTURE[:, ::-1])


def test_mean_and_std_are_by_channel_in_the_networks_order(read: Read) -> None:
    """The answer is what the network got, in the range 0 to 1 or 0 to 255."""
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    got = ((PICTURE + 1) / 2 - mean[:, None, None]) / std[:, None, None]
    found = read(identity(), sidecar(1, *IMAGENET, range="[0, 1]"))
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), got * 2 - 1, atol=1e-5)
    got = (PICTURE + 1) * 127.5 - np.array([123.68, 116.779, 103.939])[:, None, None]
    found = read(identity(), sidecar(1, *CAFFE, range="[0, 255]"))
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), got / 127.5 - 1, atol=1e-5)


def test_what_is_taken_off_an_input_is_added_to_an_answer_that_says_so(read: Read) -> None:
    back = [f"output_{line}" for line in IMAGENET]
    for lines in ((*IMAGENET, *back), ("mean = 0.5", "std = 0.25", "output_mean = 0.5", "output_std = [0.25]")):
        found = read(identity(), sidecar(1, *lines, range="[0, 1]"))
        np.testing.assert_allclose(factories.translated(found.network, PICTURE), PICTURE, atol=1e-6)


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.INT32, TensorProto.DOUBLE, TensorProto.FLOAT16])
@pytest.mark.parametrize("answers_in_float", [False, True])
def test_networks_of_other_types_are_served(read: Read, kind: int, answers_in_float: bool) -> None:
    levels = np.random.default_rng(0).integers(0, 256, PICTURE.shape)
    picture = (levels / 127.5 - 1).astype(np.float32)
    result = TensorProto.FLOAT if answers_in_float else kind
    cast = plain(helper.make_node("Cast", ["image"], ["translated"], to=result), kinds=(kind, result))
    found = read(cast, sidecar(1, range="[0, 255]"))
    translated = factories.translated(found.network, picture)
    np.testing.assert_array_equal(np.rint((translated + 1) * 127.5), levels)


def test_eight_bit_networks_get_rounded_values(read: Read) -> None:
    found = read(identity(kinds=(TensorProto.UINT8,) * 2), sidecar(1, range="[0, 255]"))
    expected = np.rint((PICTURE + 1) * 127.5) / 127.5 - 1
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), expected, atol=1e-5)


@pytest.mark.parametrize("lines", [(), ('channels = "GREY"',)])
def test_a_grey_network_gets_luma_and_its_answer_is_grey(read: Read, lines: tuple[str, ...]) -> None:
    found = read(identity(inside=1, outside=1), sidecar(1, *lines))
    expected = LUMA.repeat(3, axis=1)
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), expected, atol=1e-6)


def test_a_network_with_alpha_gets_an_opaque_picture(read: Read) -> None:
    """It answers with the alpha that it got, for red."""
    node = helper.make_node("Gather", ["image", "order"], ["translated"], axis=1)
    model = with_constants(plain(node, inside=4, outside=4), order=np.array([3, 1, 0, 2]))
    found = read(model, sidecar(1, 'channels = "BGRA"', 'output_channels = "RGB"', range="[0, 255]"))
    expected = np.stack([np.ones((20, 24)), PICTURE[0, 1], PICTURE[0, 2]])[None]
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), expected, atol=1e-6)


def mixing(shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
    """Multiplies by a second input of this shape."""
    nodes = [
        helper.make_node("Cast", ["strength"], ["factor"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["image", "factor"], ["translated"]),
    ]
    model = plain(*nodes)
    model.graph.input.append(helper.make_tensor_value_info("strength", kind, shape))
    return model


@pytest.mark.parametrize(
    ("shape", "kind", "value"),
    [
        ([], TensorProto.FLOAT, "0.5"),
        ([1], TensorProto.FLOAT16, "0.5"),
        (["batch", 1, 1, 1], TensorProto.DOUBLE, "0.5"),
        ([1, 3, 1, 1], TensorProto.FLOAT, "0.5"),
        ([1, 3, 1, 1], TensorProto.FLOAT, "[0.5, 0.5, 0.5]"),
        ([1, "c", 1, 1], TensorProto.FLOAT, "[[[[0.5]], [[0.5]], [[0.5]]]]"),
    ],
)
def test_other_inputs_get_the_values_that_the_sidecar_gives_them(
    read: Read, shape: Sequence[int | str], kind: int, value: str
) -> None:
    found = read(mixing(shape, kind), sidecar(1, "[inputs]", f"strength = {value}"))
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), PICTURE / 2, atol=1e-6)


def test_a_value_of_its_own_can_be_given_another(read: Read) -> None:
    """As by exporters that list all weights among the inputs."""
    model = with_constants(mixing([]), strength=np.float32(1))
    np.testing.assert_array_equal(factories.translated(read(model, sidecar(1)).network, PICTURE), PICTURE)
    found = read(model, sidecar(1, "[inputs]", "strength = 0.5"))
    np.testing.assert_array_equal(factories.translated(found.network, PICTURE), PICTURE / 2)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [],
            "another input besides 'image': 'strength' (float32); give it a value in filter.toml, below",
        ),
        (["[inputs]", "strenght = 1"], "gives a value to the input 'strenght', and its inputs are 'image', 'strength'"),
        (["[inputs]", "strength = [1, 2]"], "the value [1, 2], and it takes 1 x 3 x 1 x 1 numbers of type float"),
        (["[inputs]", 'strength = "much"'], "has the key 'inputs' = {'strength': 'much'}; expected a table"),
        (["inputs = 1"], "has the key 'inputs' = 1; expected a table"),
    ],
)
def test_a_wrong_value_of_another_input_is_named(problem: Problem, lines: list[str], words: str) -> None:
    assert words in problem(mixing([1, 3, 1, 1]), sidecar(1, *lines))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Mean = 1", "unknown key 'Mean'; 'mean' may be meant"),
        ("deviation = 1", "unknown key 'deviation'; 'std' may be meant"),
        ("chanels = 1", "unknown key 'chanels'; 'channels' may be meant"),
        ("license = 'x'", "unknown key 'license'; 'licence' may be meant"),
        ("zzz = 1", "unknown key 'zzz'; known keys: input, output, layout"),
        ('channels = "rgb"', '\'channels\' = \'rgb\'; expected "RGB", "BGR", "RGBA", "BGRA" or "GREY"'),
        ('channels = ["B"]', "'channels' = ['B']; expected"),
        (
            'channels = "GREY"',
            'has 3 channels, and filter.toml says channels = "GREY"; write channels = "RGB" or "BGR"',
        ),
        ('output_channels = "GREY"', "'output_channels' = 'GREY'; expected \"RGB\" or \"BGR\""),
        ("mean = [1, 2]", "has 2 numbers in 'mean', and its input 3 channels"),
        ("output_std = [1, 2]", "has 2 numbers in 'output_std', and its answer 3 channels"),
        ('mean = "0.5"', "'mean' = '0.5'; expected a number, or one for each channel"),
        ("std = [0.2, 0, 0.2]", "'std' = [0.2, 0, 0.2]; expected a number above 0"),
        ("std = inf", "'std' = inf; expected a number above 0"),
        ("mean = []", "'mean' = []; expected a number"),
    ],
)
def test_a_wrong_key_or_value_gets_one_sentence(problem: Problem, line: str, words: str) -> None:
    assert words in problem(identity(), sidecar(1, line))


def in_pieces(found: Filter, picture: Tensor, memory: int) -> Tensor:
    bands: list[Band] = []
    plan = found.network.plan(picture.shape[2], picture.shape[3], memory)
    assert plan.pieces > 1
    for _ in found.network.translate([TensorSource(picture)], [bands.append], plan, CancelToken()):
        pass
    return np.concatenate(bands, axis=2)


@pytest.mark.parametrize(
    ("lines", "value_range", "inside", "outside"),
    [
        (CAFFE, "[0, 255]", 3, 3),
        (IMAGENET, "[0, 1]", 3, 3),
        ((*IMAGENET, "output_mean = 0.2", "output_std = [0.5, 0.6, 0.7]"), "[0, 1]", 3, 3),
        ((), "[1, 0]", 1, 1),
        ((), "[0, 1]", 3, 1),
        (('channels = "BGRA"',), "[0, 1]", 4, 4),
    ],
)
def test_a_picture_in_pieces_is_the_whole_one_whatever_the_sidecar_says(
    read: Read,
    tmp_path: Path,
    device: Backend,
    lines: tuple[str, ...],
    value_range: str,
    inside: int,
    outside: int,
) -> None:
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 3, 200, 264)).astype(np.float32)
    model = residual(2, inside=inside, outside=outside)
    pieces = in_pieces(read(model, sidecar(4, *lines, range=value_range)), picture, 12 << 20)
    feed = examine(tmp_path / "filter.onnx", device, Verdicts(None)).feed
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (whole,) = session.run(None, {INPUT: feed.to_network(picture)})
    np.testing.assert_allclose(pieces, feed.from_network(whole), atol=2e-4)


def test_channels_that_come_last_are_computed_in_pieces_as_those_that_come_first(read: Read) -> None:
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 3, 200, 264)).astype(np.float32)
    model, lines = residual(2), (*CAFFE, "std = [50, 60, 70]", "output_std = [0.4, 0.5, 0.6]")
    first = read(model, sidecar(4, *lines, range="[0, 255]"))
    expected = in_pieces(first, picture, 12 << 20)
    last = read(channels_last(model), sidecar(4, *lines, range="[0, 255]", layout="NHWC"))
    np.testing.assert_allclose(in_pieces(last, picture, 12 << 20), expected, atol=1e-5)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_bytes_are_computed_in_pieces_too(read: Read, layout: str) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (1, 3, 200, 264))
    model = eight_bit(residual(2)) if layout == "NCHW" else channels_last(eight_bit(residual(2)))
    found = read(model, sidecar(4, range="[0, 255]", layout=layout))
    pieces = in_pieces(found, (levels / 127.5 - 1).astype(np.float32), 12 << 20)
    session = onnxruntime.InferenceSession(eight_bit(residual(2)), providers=["CPUExecutionProvider"])
    (whole,) = session.run(None, {INPUT: levels.astype(np.uint8)})
    difference = np.abs(np.rint((pieces + 1) * 127.5) - whole)
    assert difference.max() <= 1
    assert difference.mean() < 0.001


def test_channels_that_come_last_have_means_too(read: Read) -> None:
    ends = ("image", "translated")
    node = helper.make_node("Identity", [ends[0]], [ends[1]])
    model = factories.model([node], ends=ends, shape=factories.CHANNELS_LAST)
    lines = sidecar(1, *IMAGENET, *(f"output_{line}" for line in IMAGENET), range="[0, 1]", layout="NHWC")
    np.testing.assert_allclose(factories.translated(read(model, lines).network, PICTURE), PICTURE, atol=1e-6)
