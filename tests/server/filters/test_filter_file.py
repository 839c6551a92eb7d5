"""Reading one filter file: what is served, and what every other file is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from server.engine.backend import Backend, Settings, open_backend
from server.engine.cancel import CancelToken
from server.engine.feed import Precision
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.pixels import Tensor
from server.engine.provider import Provider
from server.engine.whole import Whole
from server.errors import FilterProblem
from server.filters.filter_file import Filter, read_filter
from tests import factories
from tests.server.filters.excessive import long

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)


def identity_of(*, ends: tuple[str, str] = ("image", "translated"), **options: object) -> onnx.ModelProto:
    node = helper.make_node("Identity", [ends[0]], [ends[1]])
    return factories.model([node], told=factories.metadata(), ends=ends, **options)  # type: ignore[arg-type]


def one_node(kind: str, **attributes: object) -> onnx.ModelProto:
    return factories.model([helper.make_node(kind, ["image"], ["translated"], **attributes)], told=factories.metadata())


def with_second_input() -> onnx.ModelProto:
    model = factories.identity()
    model.graph.input.append(helper.make_tensor_value_info("strength", TensorProto.FLOAT, [1]))
    return model


def external(model: onnx.ModelProto) -> onnx.ModelProto:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model


def external_constant() -> onnx.ModelProto:
    """External data in a Constant node of a branch of a condition."""
    weights = numpy_helper.from_array(np.zeros(1, np.float32), "w")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="weights.bin")
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    branch = helper.make_graph([helper.make_node("Constant", [], ["y"], value=weights)], "branch", [], [out])
    condition = helper.make_node("If", ["yes"], ["translated"], then_branch=branch, else_branch=branch)
    return factories.model([condition], constants={"yes": np.array(True)}, told=factories.metadata())


def test_all_that_a_filter_says_of_itself_is_read(read: Callable[..., Filter], tmp_path: Path) -> None:
    found = read(factories.identity(identifier="a-b.c_1", title="Ä", thumbnail=factories.thumbnail()))
    contents = (tmp_path / "filter.onnx").read_bytes()
    description = found.description
    assert (found.identifier, description.title, description.method) == ("a-b.c_1", "Ä", "cut")
    assert (description.source_domain, description.target_domain) == ("painting", "photo")
    assert (description.spatial_multiple, description.images_seen) == (4, 1200)
    assert (description.licence, description.data_fingerprint) == ("Apache-2.0", "0123abcd")
    assert (description.package_version, description.commit) == ("0.1.0", "4bf2e1c")
    assert description.thumbnail.startswith(b"\xff\xd8\xff")
    assert (found.sha256, found.file_bytes) == (hashlib.sha256(contents).hexdigest(), len(contents))
    assert found.precision is Precision.FLOAT32


def test_what_may_be_missing_is_empty(read: Callable[..., Filter]) -> None:
    description = read(factories.identity(title=None, licence=None, images_seen=None, thumbnail=None)).description
    assert (description.title, description.licence, description.images_seen) == ("identity", "", 0)
    assert description.thumbnail == b""


def test_float16_filters_are_read(read: Callable[..., Filter]) -> None:
    found = read(factories.half())
    assert found.precision is Precision.FLOAT16
    result = factories.translated(found.network, PICTURE)
    np.testing.assert_allclose(result, -PICTURE, atol=1e-3)


def test_a_foreign_model_is_served_as_its_sidecar_says(read: Callable[..., Filter]) -> None:
    found = read(factories.foreign(), factories.SIDECAR)
    assert (found.identifier, found.description.title) == ("filter", "Somebody else's")
    assert (found.description.method, found.description.spatial_multiple) == ("onnx", 8)
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), -PICTURE, atol=1e-6)


def test_a_foreign_models_identifier_is_its_file_name_made_fit(tmp_path: Path, device: Backend) -> None:
    (tmp_path / "Étude No 5 (final).toml").write_text(factories.SIDECAR)
    found = read_filter(factories.put(tmp_path, factories.foreign(), name="Étude No 5 (final)"), device)
    assert found.identifier == "tude-no-5-final"


def test_a_foreign_model_without_a_sidecar_is_told_what_to_write(problem: Callable[..., str]) -> None:
    sentence = problem(factories.foreign())
    assert "filter.toml beside it with the keys input, output, layout, range, multiple" in sentence


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (identity_of(ends=("x", "translated")), "Its input is called 'x' and a filter has one input 'image'"),
        (identity_of(ends=("image", "y")), "Its output is called 'y' and a filter has one output 'translated'"),
        (with_second_input(), "Its input is called 'image' and 'strength'"),
        (identity_of(shape=("n", 3, 256, 256)), "takes pictures of 256 x 256 pixels only"),
        (identity_of(shape=("n", 3, "h", 64)), "takes pictures of any x 64 pixels only"),
        (identity_of(shape=(1, 3, "h", "w")), "has a fixed batch of 1"),
        (identity_of(shape=("n", 1, "h", "w")), "has 1 channels; expected 3"),
        (identity_of(shape=("n", 3, "h")), "has 3 axes; a picture has four"),
        (identity_of(element=TensorProto.DOUBLE), "takes float64, and a filter float32 or float16"),
        (external(factories.swapping()), "keeps weights in another file, '/etc/passwd', and they are read from"),
        (external_constant(), "keeps weights in another file, 'weights.bin', and they are read from filter.onnx.data"),
        (factories.identity(format="2"), "format version is '2' and this server reads 1"),
        (factories.identity(identifier="Not Fit"), "identifier 'Not Fit' is not 1 to 64 lower-case letters"),
        (factories.identity(identifier="a" * 65), "is not 1 to 64 lower-case letters"),
        (factories.identity(identifier=""), "identifier '' is not"),
        (factories.identity(spatial_multiple="four"), "spatial multiple is 'four'"),
        (factories.identity(spatial_multiple="0"), "spatial multiple is '0'"),
        (factories.identity(spatial_multiple=None), "spatial multiple is ''"),
        (factories.identity(images_seen="-1"), "images seen is '-1'"),
        (factories.identity(value_range="0,1"), "value range is '0,1'"),
        (factories.identity(thumbnail="???"), "thumbnail is not base64"),
        (factories.identity(thumbnail="aGVsbG8="), "thumbnail is not a WebP picture"),
        (factories.identity(thumbnail=factories.thumbnail()[:24]), "thumbnail is a WebP picture that is damaged"),
        (factories.identity(thumbnail="A" * 200_000), "thumbnail has 150000 bytes"),
        (factories.identity(description="x" * 2001), "description has 2001 characters"),
        (one_node("Nonsense"), "has the operation 'Nonsense', which is none of ONNX's"),
        (one_node("Loop"), "nobody can tell how long a picture takes"),
        (long(20_001), "has 20001 operations, and at most 20000 are taken"),
        (one_node("Conv"), "cannot load it"),
        (
            one_node("Log"),
            "fails on test pictures, such as one of 16 x 20 pixels: the network answered with values",
        ),
        (one_node("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), "answers with 1/2 of the height and width"),
    ],
)
def test_a_file_that_breaks_the_contract_is_told_how(
    problem: Callable[..., str], model: onnx.ModelProto, words: str
) -> None:
    assert words in problem(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("input = [", "cannot be read as TOML"),
        (factories.SIDECAR + "colour = 1", "unknown key 'colour'"),
        (factories.SIDECAR.replace("multiple = 8", ""), "lacks the key 'multiple'"),
        (factories.SIDECAR.replace("multiple = 8", "multiple = 0"), "'multiple' = 0; expected a whole number"),
        (factories.SIDECAR.replace("multiple = 8", "multiple = true"), "'multiple' = True; expected a whole number"),
        (factories.SIDECAR.replace('"NHWC"', '"HWC"'), "'layout' = 'HWC'; expected \"NCHW\" or \"NHWC\""),
        (factories.SIDECAR.replace("[0, 255]", "[0, 0]"), "'range' = [0, 0]; expected"),
        (factories.SIDECAR.replace("[0, 255]", "[0, nan]"), "'range' = [0, nan]; expected"),
        (factories.SIDECAR.replace("[0, 255]", '"0-255"'), "'range' = '0-255'; expected"),
        (factories.SIDECAR.replace('"pixels"', "1"), "'input' = 1; expected the name"),
        (factories.SIDECAR.replace('"pixels"', '"x"'), "Its input is called 'pixels', and filter.toml names 'x'"),
        (factories.SIDECAR.replace('"result"', '"x"'), "Its output is called 'result', and filter.toml names 'x'"),
        (factories.SIDECAR.replace('"NHWC"', '"NCHW"'), "correct its layout in filter.toml"),
    ],
)
def test_a_wrong_sidecar_is_told_which_key(problem: Callable[..., str], change: str, words: str) -> None:
    assert words in problem(factories.foreign(), change)


def test_a_foreign_model_of_one_size_is_refused(problem: Callable[..., str]) -> None:
    node = helper.make_node("Identity", ["pixels"], ["result"])
    model = factories.model([node], ends=("pixels", "result"), shape=(1, 64, 64, 3))
    assert "64 x 64 pixels only" in problem(model, factories.SIDECAR)


@pytest.mark.parametrize("length", [0, 1, 40, 200])
def test_a_truncated_file_is_refused(tmp_path: Path, device: Backend, length: int) -> None:
    contents = factories.identity().SerializeToString()
    assert length < len(contents)
    with pytest.raises(FilterProblem):
        read_filter(factories.put_bytes(tmp_path / "cut.onnx", contents[:length]), device)


def test_damaged_files_are_refused_or_served_but_never_raise_anything_else(tmp_path: Path, device: Backend) -> None:
    contents = factories.normalising().SerializeToString()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(contents)
        for place in random.integers(0, len(damaged), 3):
            damaged[place] = random.integers(0, 256)
        try:
            read_filter(factories.put_bytes(tmp_path / "damaged.onnx", bytes(damaged)), device)
        except FilterProblem:
            refused += 1
    assert refused > 50


def test_sentences_name_no_path(problem: Callable[..., str], tmp_path: Path) -> None:
    for sidecar in (None, "nonsense", factories.SIDECAR.replace('"NHWC"', '"NCHW"')):
        assert str(tmp_path) not in problem(factories.foreign(), sidecar)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that are really computed."""
    shapes: list[tuple[int, ...]] = []
    compute = Whole.compute

    def counted(whole: Whole, tensor: Tensor, token: CancelToken) -> Tensor:
        shapes.append(tensor.shape)
        return compute(whole, tensor, token)

    monkeypatch.setattr(Whole, "compute", counted)
    return shapes


def test_a_device_that_is_to_be_warm_computes_each_size_twice(tmp_path: Path, computed: list[tuple[int, ...]]) -> None:
    warm = OnnxruntimeBackend(Provider.CPU, Settings(threads=1))
    warm.warm_up = (50, 32)  # as a GPU would be asked for
    read_filter(factories.put(tmp_path, factories.normalising()), warm)
    assert computed == [(1, 3, 16, 16), *[(1, 3, 52, 52)] * 2, *[(1, 3, 32, 32)] * 2]


def test_the_cpu_warms_nothing_up(tmp_path: Path, computed: list[tuple[int, ...]]) -> None:
    read_filter(factories.put(tmp_path, factories.inverting()), open_backend(Provider.CPU, threads=1, warm_up=(32, 64)))
    assert computed == []


def test_a_filter_that_cannot_be_warmed_up_is_served_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    warm = OnnxruntimeBackend(Provider.CPU, Settings(threads=1))
    warm.warm_up = (32,)
    found = read_filter(factories.put(tmp_path, factories.failing()), warm)
    assert factories.translated(found.network, PICTURE).shape == PICTURE.shape
    assert "could not be warmed up at 32 x 32" in caplog.text
