"""The pixels that go and come, in GIMP's console."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import factories
from tests.hosts.gimp.pictures import PLACE, SIZE, Bench, inverted, noise, unit
from tests.processes import serving

PRECISIONS = [
    f"{kind}_{curve}"
    for kind in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
]
KINDS = {"RGB": (3, 4), "GRAY": (1, 2)}
# Samples of 32 bits and more are computed as 32-bit floats.
EXACT = ("U8", "U16", "HALF")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_filter_that_changes_nothing_gives_back_the_same_pixels(bench: Bench, precision: str) -> None:
    kind = precision.split("_")[0]
    for base, counts in KINDS.items():
        for channels in counts:
            image = bench.image(precision, base)
            source = noise(kind, channels)
            layer = bench.layer(image, source)
            assert bench.translate(image, layer, filter="identity") == ""
            result, below = bench.gimp.layers(image=image)
            given = bench.pixels(result["id"], source)
            if kind in EXACT:
                np.testing.assert_array_equal(given, source)
            else:
                np.testing.assert_allclose(unit(given), unit(source), rtol=0, atol=5e-7)
            if channels in (2, 4):
                np.testing.assert_array_equal(given[..., -1], source[..., -1])
            np.testing.assert_array_equal(bench.pixels(below["id"], source), source)
            bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_colours_are_those_of_the_filter_whatever_the_precision(bench: Bench, precision: str) -> None:
    kind = precision.split("_")[0]
    image = bench.image(precision)
    source = noise(kind, 4)
    assert bench.translate(image, bench.layer(image, source), filter="inverting") == ""
    given = bench.pixels(bench.gimp.layers(image=image)[0]["id"], source)
    step = 1 / 255 if kind == "U8" else 2e-3 if kind == "HALF" else 2e-5
    expected = inverted(source, linear="_LINEAR" in precision and "NON" not in precision)
    np.testing.assert_allclose(unit(given), expected, rtol=0, atol=step * 0.51 if kind == "U8" else step)
    bench.gimp.delete_image(image=image)


def test_result_lies_where_its_source_lies(bench: Bench) -> None:
    image = bench.image()
    layer = bench.layer(image, noise("U8", 4), name="sea")
    bench.layer(image, noise("U8", 4), name="other")
    bench.gimp.choose(image=image, layers=[layer])
    assert bench.translate(image, layer, filter="inverting") == ""
    _, result, below = bench.gimp.layers(image=image)
    assert below["id"] == layer
    assert (result["size"], result["place"]) == (list(SIZE), list(PLACE))
    assert bench.gimp.selected(image=image) == [layer]
    assert result["name"].endswith(": sea")
    assert result["origin"]["filter"] == "inverting" and len(result["origin"]["sha256"]) == 64
    bench.gimp.delete_image(image=image)


def test_strength_and_luminance_are_the_layers_own(bench: Bench) -> None:
    image = bench.image()
    layer = bench.layer(image, noise("U8", 3))
    assert bench.translate(image, layer, filter="inverting", opacity=40.0, keep_luminance=True) == ""
    result = bench.gimp.layers(image=image)[0]
    assert result["opacity"] == pytest.approx(40, abs=0.3) and result["colours only"]
    bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("precision", ["U8_NON_LINEAR", "U16_LINEAR", "FLOAT_LINEAR"])
@pytest.mark.parametrize("channels", [3, 4])
def test_soft_selection_is_honoured_exactly(bench: Bench, precision: str, channels: int) -> None:
    """Partly off the layer: alpha is the source's alpha times the selection, and nothing else is touched."""
    kind = precision.split("_")[0]
    image = bench.image(precision)
    source = noise(kind, channels)
    layer = bench.layer(image, source)
    bench.gimp.select(image=image, ellipse=[6, 0, 30, 14], feather=4)
    chosen = unit(bench.selection(image, source.dtype))
    assert bench.translate(image, layer, filter="inverting") == ""
    result = bench.gimp.layers(image=image)[0]
    left, top = (result["place"][axis] - PLACE[axis] for axis in (0, 1))
    width, height = result["size"]
    inside = (slice(top, top + height), slice(left, left + width))
    given = unit(bench.pixels(result["id"], np.empty((height, width, 4), source.dtype)))
    alpha = unit(source)[..., 3] if channels == 4 else np.ones(SIZE[::-1])
    outside = np.ones(SIZE[::-1], bool)
    outside[inside] = False
    assert not chosen[outside].any()
    step = {"U8": 0.501 / 255, "U16": 0.501 / 65535, "FLOAT": 1e-6}[kind]
    np.testing.assert_allclose(given[..., 3], (alpha * chosen)[inside], rtol=0, atol=step)
    expected = inverted(source[..., :3], linear=precision.endswith("_LINEAR") and "NON" not in precision)[inside]
    seen = given[..., 3] > 0
    np.testing.assert_allclose(given[seen][:, :3], expected[seen], rtol=0, atol=max(step, 2e-5))
    np.testing.assert_array_equal(bench.pixels(layer, source), source)
    bench.gimp.delete_image(image=image)


def test_layer_mask_goes_with_the_result(bench: Bench) -> None:
    image = bench.image()
    source = noise("U8", 4)
    layer = bench.layer(image, source)
    mask = noise("U8", 1, seed=8)
    chosen = bench.mask(layer, mask)
    assert bench.translate(image, chosen, filter="inverting") == ""
    result = bench.gimp.layers(image=image)[0]
    np.testing.assert_array_equal(bench.pixels(result["mask"], mask), mask)
    np.testing.assert_array_equal(bench.pixels(result["id"], source)[..., 3], source[..., 3])
    bench.gimp.delete_image(image=image)


def test_group_is_translated_as_it_looks(bench: Bench) -> None:
    image = bench.image()
    source = noise("U8", 3)
    group = bench.gimp.new_group(image=image, name="rocks")
    inner = bench.layer(image, source, parent=group)
    assert bench.translate(image, group, filter="inverting") == ""
    result = bench.gimp.layers(image=image)[0]
    given = bench.pixels(result["id"], np.empty((*source.shape[:2], 4), np.uint8))
    np.testing.assert_array_equal(given[..., :3], 255 - source)
    assert bench.translate(image, inner, filter="inverting") == ""
    assert [layer["id"] for layer in bench.gimp.layers(group=group)][1:] == [inner]
    bench.gimp.delete_image(image=image)


def test_effects_of_a_layer_are_translated_too(bench: Bench) -> None:
    image = bench.image()
    source = noise("U8", 3)
    layer = bench.layer(image, source)
    bench.gimp.give_effect(layer=layer, operation="gegl:invert-gamma")
    assert bench.translate(image, layer, filter="identity") == ""
    result = bench.gimp.layers(image=image)[0]
    np.testing.assert_array_equal(bench.pixels(result["id"], source), 255 - source)
    np.testing.assert_array_equal(bench.pixels(layer, source), source)
    bench.gimp.delete_image(image=image)


def test_visible_picture_is_one_layer_on_top(bench: Bench) -> None:
    image = bench.image()
    layer = bench.layer(image, noise("U8", 3, size=(40, 30)), place=(0, 0))
    bench.layer(image, noise("U8", 4, seed=9))
    before = bench.visible(image)
    assert bench.translate(image, layer, filter="inverting", source="visible") == ""
    result = bench.gimp.layers(image=image)[0]
    given = bench.pixels(result["id"], before)
    np.testing.assert_array_equal(given[..., :3], 255 - before[..., :3])
    bench.gimp.delete_image(image=image)


def test_smallest_and_empty_layers_are_translated(bench: Bench) -> None:
    image = bench.image()
    for source in (noise("U8", 4, size=(1, 1)), np.zeros((9, 17, 4), np.uint8)):
        assert bench.translate(image, bench.layer(image, source), filter="identity") == ""
        np.testing.assert_array_equal(bench.pixels(bench.gimp.layers(image=image)[0]["id"], source), source)
    bench.gimp.delete_image(image=image)


def test_several_layers_are_one_batch(bench: Bench) -> None:
    image = bench.image()
    sources = [noise("U8", 3, seed=number) for number in range(3)]
    layers = [bench.layer(image, source, name=str(number)) for number, source in enumerate(sources)]
    assert bench.translate(image, *layers, filter="inverting") == ""
    found = bench.gimp.layers(image=image)
    assert [layer["id"] for layer in found][1::2] == layers[::-1]
    for result, source in zip(found[::2], sources[::-1], strict=True):
        np.testing.assert_array_equal(bench.pixels(result["id"], source), 255 - source)
    bench.gimp.delete_image(image=image)


def test_canvas_of_48_megapixels_goes_and_comes(bench: Bench, tmp_path: Path) -> None:
    factories.put(tmp_path, factories.identity())
    image = bench.gimp.new_image(width=8000, height=6000, precision="U8_NON_LINEAR", base="RGB")
    layer = bench.gimp.new_layer(image=image, name="wide", size=[8000, 6000], place=[0, 0], alpha=True)
    bench.gimp.scatter(layer=layer)
    with serving(tmp_path, "--max-pixels", str(8000 * 6000)) as large:
        assert bench.translate(image, layer, filter="identity", address=large.address) == ""
    assert bench.gimp.alike(first=bench.gimp.layers(image=image)[0]["id"], second=layer)
    bench.gimp.delete_image(image=image)
