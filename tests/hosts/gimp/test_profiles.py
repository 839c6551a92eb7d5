"""Pictures with colour profiles: the filter sees sRGB, and the result is in the picture's own colours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from onnx import helper
from PIL import ImageCms

from tests import factories
from tests.hosts.gimp.pictures import Bench, noise, unit
from tests.processes import ServerProcess, serving

PRECISIONS = ("U8_NON_LINEAR", "U16_NON_LINEAR", "U16_LINEAR", "HALF_NON_LINEAR", "FLOAT_LINEAR", "DOUBLE_NON_LINEAR")
KINDS = {"RGB": ("adobe", 4), "GRAY": ("lab grey", 2)}
STEP = 1 / 255


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose filter squares: what it gives depends on how colours are encoded."""
    square = [helper.make_node("Mul", ["image", "image"], ["translated"])]
    folder = tmp_path_factory.mktemp("curved")
    factories.put(folder, factories.model(square, told=factories.metadata(identifier="squaring")))
    with serving(folder) as server:
        yield server


def converted(bench: Bench, precision: str, base: str) -> tuple[int, int, np.ndarray]:
    """A picture whose colours sRGB can show, in another profile; its layer, and the layer's pixels."""
    profile, channels = KINDS[base]
    image = bench.image(precision, base)
    source = noise(precision.split("_")[0], channels)
    layer = bench.layer(image, source)
    bench.gimp.convert(image=image, profile=profile)
    return image, layer, bench.pixels(layer, source)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_colours_inside_srgb_come_back_within_a_step(bench: Bench, precision: str, base: str) -> None:
    image, layer, source = converted(bench, precision, base)
    assert bench.translate(image, layer, filter="identity") == ""
    given = bench.pixels(bench.gimp.layers(image=image)[0]["id"], source)
    np.testing.assert_allclose(unit(given), unit(source), rtol=0, atol=STEP)
    np.testing.assert_array_equal(given[..., -1], source[..., -1])
    np.testing.assert_array_equal(bench.pixels(layer, source), source)
    bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_filter_sees_the_colours_of_srgb(bench: Bench, curved: ServerProcess, precision: str, base: str) -> None:
    image, layer, _ = converted(bench, precision, base)
    plain = bench.image("FLOAT_NON_LINEAR", "RGB")
    shown = bench.srgb(layer)
    same = bench.layer(plain, np.ascontiguousarray(shown))
    for picture, one in ((image, layer), (plain, same)):
        assert bench.translate(picture, one, filter="squaring", address=curved.address) == ""
    given, expected = (bench.srgb(bench.gimp.layers(image=picture)[0]["id"]) for picture in (image, plain))
    # Half a step of an 8-bit channel in Adobe RGB is up to one and a half in sRGB, to which all three add.
    np.testing.assert_allclose(given, expected, rtol=0, atol=1.5 * STEP if precision.startswith("U8") else 2e-3)
    assert np.abs(expected - shown)[..., :3].mean() > 10 * STEP
    for picture in (image, plain):
        bench.gimp.delete_image(image=picture)


@pytest.mark.parametrize("precision", ["U8_NON_LINEAR", "FLOAT_NON_LINEAR"])
def test_colours_outside_srgb_become_the_nearest_in_it(bench: Bench, precision: str) -> None:
    """In Adobe RGB, whose green sRGB cannot show; every channel by itself."""
    image = bench.image(precision, profile="adobe")
    layer = bench.layer(image, noise(precision.split("_")[0], 4))
    assert bench.translate(image, layer, filter="identity") == ""
    given, shown = bench.srgb(bench.gimp.layers(image=image)[0]["id"]), bench.srgb(layer)
    assert shown.min() < -STEP and shown.max() > 1 + STEP
    seen = shown[..., 3] > 0
    np.testing.assert_allclose(linear(given)[seen], linear(np.clip(shown, 0, 1))[seen], rtol=0, atol=2 * STEP)
    bench.gimp.delete_image(image=image)


def linear(encoded: np.ndarray) -> np.ndarray:
    """Where a step of the picture's own profile is about one of these, near black too."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4)


def test_srgb_profile_of_a_file_changes_nothing(bench: Bench) -> None:
    """An sRGB profile that another program wrote."""
    profile = bench.gimp.profile.home / "profile.icc"
    profile.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    image = bench.image("U16_NON_LINEAR", profile=bench.gimp.inside(profile))
    source = noise("U16", 3)
    assert bench.translate(image, bench.layer(image, source), filter="identity") == ""
    np.testing.assert_array_equal(bench.pixels(bench.gimp.layers(image=image)[0]["id"], source), source)
    bench.gimp.delete_image(image=image)
