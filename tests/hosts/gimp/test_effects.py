"""Layer effects are translated as the artist sees them, wherever they reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.hosts.gimp.pictures import BLOCK, Bench

SHADOW = {"operation": "gegl:dropshadow", "radius": 2.0}
# What lies at BLOCK, with its shadow on this side of it: x, y.
SIDES = {"above left": (-6.0, -6.0), "above right": (6.0, -6.0), "below left": (-6.0, 6.0), "below right": (6.0, 6.0)}


@pytest.mark.parametrize("alpha", [True, False])
@pytest.mark.parametrize("side", SIDES)
def test_effect_that_reaches_beyond_its_layer_is_whole(bench: Bench, side: str, alpha: bool) -> None:
    image = bench.image()
    layer = bench.block(image, colour=(200, 100, 50, 255)[: 4 if alpha else 3])
    x, y = SIDES[side]
    bench.gimp.give_effect(layer=layer, **SHADOW, x=x, y=y)
    result = bench.kept(image, layer)
    assert result["size"] == [24, 18] and result["place"] == [14 - 12 * (x < 0), 12 - 12 * (y < 0)]
    bench.gimp.delete_image(image=image)


def test_effect_at_the_edges_of_the_picture_is_whole_in_it(bench: Bench) -> None:
    """And what of the layer lies outside stays, too."""
    for area in ((-5, 20, 12, 20), (33, -6, 12, 12), (0, 0, 40, 30)):
        image = bench.image()
        layer = bench.block(image, area)
        bench.gimp.give_effect(layer=layer, **SHADOW, x=-9.0, y=-9.0)
        result = bench.kept(image, layer)
        x, y, width, height = area
        assert result["place"][0] <= x and result["place"][1] <= y
        assert result["place"][0] + result["size"][0] >= x + width
        assert result["place"][1] + result["size"][1] >= y + height
        bench.gimp.delete_image(image=image)


def test_large_effects_and_stacks_of_them_are_whole(bench: Bench) -> None:
    image = bench.image()
    layer = bench.block(image)
    bench.gimp.give_effect(layer=layer, operation="gegl:gaussian-blur", std_dev_x=3.0, std_dev_y=3.0)
    bench.gimp.give_effect(layer=layer, operation="gegl:dropshadow", x=-20.0, y=-20.0, radius=60.0)
    bench.gimp.give_effect(layer=layer, operation="gegl:invert-gamma")
    bench.kept(image, layer)
    bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("look", [{"opacity": 0.5}, {"mode": "MULTIPLY"}, {"shown": False}, {}])
@pytest.mark.parametrize("grouped", [False, True])
def test_effects_are_translated_as_they_are_shown(bench: Bench, look: dict[str, Any], grouped: bool) -> None:
    image = bench.image()
    group = bench.group(image, "rocks") if grouped else 0
    layer = bench.block(image, parent=group)
    bench.gimp.give_effect(layer=group or layer, operation="gegl:invert-gamma", **look)
    bench.kept(image, group or layer)
    bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("precision", ["U8_NON_LINEAR", "U16_LINEAR", "FLOAT_LINEAR", "DOUBLE_NON_LINEAR"])
@pytest.mark.parametrize("base", ["RGB", "GRAY"])
def test_effects_of_a_group_are_translated_too(bench: Bench, precision: str, base: str) -> None:
    image = bench.image(precision, base, "adobe" if base == "RGB" else "lab grey")
    group = bench.group(image, "rocks")
    layer = bench.gimp.new_layer(image=image, name="a", size=BLOCK[2:], place=BLOCK[:2], alpha=True, parent=group)
    bench.gimp.paint(layer=layer, colour="#a08070")
    bench.gimp.give_effect(layer=group, operation="gegl:invert-gamma")
    bench.gimp.give_effect(layer=group, **SHADOW, x=-6.0, y=-6.0)
    shown = bench.gimp.picked(image=image, x=20, y=15), bench.gimp.picked(image=image, x=8, y=7)
    assert shown[0][3] == 1 and 0.05 < shown[1][3] < 0.9
    assert bench.translate(image, group, filter="identity") == ""
    bench.gimp.arrange(layer=group, shown=False)
    for before, place in zip(shown, ((20, 15), (8, 7)), strict=True):
        after = bench.gimp.picked(image=image, x=place[0], y=place[1])
        np.testing.assert_allclose(after, before, rtol=0, atol=1 / 255)
    bench.gimp.delete_image(image=image)


def test_effect_that_was_made_for_a_selection_stays_there(bench: Bench) -> None:
    image = bench.image()
    layer = bench.block(image)
    bench.gimp.select(image=image, ellipse=[14, 10, 6, 9])
    bench.gimp.give_effect(layer=layer, operation="gegl:invert-gamma")
    bench.gimp.select(image=image, ellipse=[])
    assert len(np.unique(bench.visible(image)[14, 14:26], axis=0)) > 1
    bench.kept(image, layer)
    bench.gimp.delete_image(image=image)


def test_selection_cuts_what_effects_add(bench: Bench) -> None:
    """Also where only the shadow is selected."""
    image = bench.image()
    layer = bench.block(image)
    bench.gimp.give_effect(layer=layer, **SHADOW, x=-6.0, y=-6.0)
    before = bench.visible(image)
    bench.gimp.select(image=image, ellipse=[4, 3, 10, 9])
    assert bench.translate(image, layer, filter="identity") == ""
    bench.gimp.arrange(layer=layer, shown=False)
    after = bench.visible(image)
    np.testing.assert_allclose(after[7, 9].astype(int), before[7, 9], rtol=0, atol=1)
    assert before[7, 9, 3] > 0 and not after[14:, :, 3].any()
    bench.gimp.delete_image(image=image)
