"""Layers and groups of every kind: with the result in its source's place, the picture looks as it did before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.hosts.gimp.pictures import BLOCK, Bench, seen

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
    group = bench.gimp.new_group(image=image, name="rocks") if grouped else 0
    layer = bench.block(image, parent=group)
    bench.gimp.give_effect(layer=group or layer, operation="gegl:invert-gamma", **look)
    bench.kept(image, group or layer)
    bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("precision", ["U8_NON_LINEAR", "U16_LINEAR", "FLOAT_LINEAR", "DOUBLE_NON_LINEAR"])
@pytest.mark.parametrize("base", ["RGB", "GRAY"])
def test_effects_of_a_group_are_translated_too(bench: Bench, precision: str, base: str) -> None:
    image = bench.image(precision, base, "adobe" if base == "RGB" else "lab grey")
    group = bench.gimp.new_group(image=image, name="rocks")
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


def group_in_group(bench: Bench, image: int) -> int:
    outer = bench.gimp.new_group(image=image, name="outer")
    inner = bench.gimp.new_group(image=image, name="inner", parent=outer)
    bench.gimp.give_effect(layer=bench.block(image, parent=inner), **SHADOW, x=-6.0, y=-6.0)
    bench.gimp.give_effect(layer=inner, operation="gegl:invert-gamma")
    bench.block(image, (2, 20, 9, 9), (10, 200, 10, 255), parent=outer)
    return outer


def group_of_mixed_layers(bench: Bench, image: int) -> int:
    group = bench.gimp.new_group(image=image, name="mixed")
    bench.block(image, parent=group)
    bench.gimp.arrange(layer=bench.block(image, (18, 10, 12, 8), (128, 128, 128, 255), parent=group), mode="MULTIPLY")
    return group


def group_with_a_shadow_in_a_locked_layer(bench: Bench, image: int) -> int:
    """GIMP cuts off what reaches beyond a layer whose position is locked."""
    group = bench.gimp.new_group(image=image, name="locked")
    layer = bench.block(image, parent=group)
    bench.gimp.give_effect(layer=layer, **SHADOW, x=-6.0, y=-6.0)
    bench.gimp.arrange(layer=layer, locked=["position"])
    return group


def locked_layer(bench: Bench, image: int) -> int:
    layer = bench.block(image)
    bench.gimp.give_effect(layer=layer, **SHADOW, x=-6.0, y=-6.0)
    bench.gimp.arrange(layer=layer, locked=["content", "position", "alpha"])
    return layer


def layer_in_a_locked_group(bench: Bench, image: int) -> int:
    group = bench.gimp.new_group(image=image, name="locked")
    layer = bench.block(image, parent=group)
    bench.gimp.arrange(layer=group, locked=["content", "position", "visibility"])
    return layer


def layer_with_mask(bench: Bench, image: int) -> int:
    """The mask hides the shadow, too."""
    layer = bench.block(image)
    bench.mask(layer, np.repeat(np.arange(0, 240, 20, np.uint8)[None, :, None], 6, 0))
    bench.gimp.give_effect(layer=layer, **SHADOW, x=-6.0, y=-6.0)
    return layer


def layer_with_mask_that_is_off(bench: Bench, image: int) -> int:
    layer = layer_with_mask(bench, image)
    bench.gimp.arrange(layer=layer, masked=False)
    return layer


def group_with_mask(bench: Bench, image: int) -> int:
    group = group_in_group(bench, image)
    size = bench.gimp.told(layer=group)["size"]
    bench.mask(group, np.random.default_rng(3).integers(0, 256, (size[1], size[0], 1), np.uint8))
    return group


def pass_through_group(bench: Bench, image: int) -> int:
    group = bench.gimp.new_group(image=image, name="through")
    bench.block(image, parent=group)
    bench.gimp.arrange(layer=bench.block(image, (18, 10, 12, 8), (9, 9, 90, 255), parent=group), mode="NORMAL_LEGACY")
    bench.gimp.arrange(layer=bench.block(image, (1, 1, 9, 9), parent=group), mode="MULTIPLY", shown=False)
    bench.gimp.arrange(layer=group, mode="PASS_THROUGH")
    return group


@pytest.mark.parametrize(
    "kind",
    [
        group_in_group,
        group_of_mixed_layers,
        group_with_a_shadow_in_a_locked_layer,
        locked_layer,
        layer_in_a_locked_group,
        layer_with_mask,
        layer_with_mask_that_is_off,
        group_with_mask,
        pass_through_group,
    ],
)
def test_picture_looks_as_before_with(bench: Bench, kind: Callable[[Bench, int], int]) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 20, 30), (250, 240, 230, 255))
    bench.kept(image, kind(bench, image))
    bench.gimp.delete_image(image=image)


def test_hidden_layers_and_groups_are_read_as_if_they_were_shown(bench: Bench) -> None:
    for locked in ([], ["visibility"]):
        for make in (group_in_group, locked_layer):
            image = bench.image()
            source = make(bench, image)
            expected = bench.visible(image)
            bench.gimp.arrange(layer=source, shown=False, locked=locked)
            assert bench.translate(image, source, filter="identity") == ""
            np.testing.assert_allclose(seen(bench.visible(image)), seen(expected), rtol=0, atol=1.5)
            bench.gimp.delete_image(image=image)


@pytest.mark.parametrize("composite", ["CLIP_TO_BACKDROP", "UNION", "CLIP_TO_LAYER", "INTERSECTION", "AUTO"])
def test_result_is_clipped_as_its_source(bench: Bench, composite: str) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (255, 255, 255, 255))
    group = bench.gimp.new_group(image=image, name="figure")
    bench.block(image, (20, 15, 8, 8), (90, 90, 90, 255), parent=group)
    layer = bench.block(image, (10, 0, 30, 30), parent=group)
    bench.gimp.arrange(layer=layer, composite=composite)
    result = bench.kept(image, layer)
    assert result["composite"] == composite
    assert result["opacity"] == 100 and not result["colours only"]
    bench.gimp.delete_image(image=image)


def test_result_is_clipped_where_the_blending_mode_of_its_source_clips(bench: Bench) -> None:
    """As of a shade that is multiplied with the figure below it, and seen nowhere else."""
    for look in ({}, {"keep_luminance": True, "opacity": 30.0}):
        image = bench.image()
        group = bench.gimp.new_group(image=image, name="figure")
        bench.block(image, (20, 15, 8, 8), (90, 90, 90, 255), parent=group)
        shade = bench.block(image, (10, 0, 30, 30), parent=group)
        bench.gimp.arrange(layer=shade, mode="MULTIPLY")
        before = bench.visible(image)
        assert bench.translate(image, shade, filter="identity", **look) == ""
        np.testing.assert_array_equal(bench.visible(image)[..., 3], before[..., 3])
        bench.gimp.delete_image(image=image)


MIXED = (
    "The layers of the group “through” mix with what is below it, because its mode is Pass through. Set its mode to "
    "Normal, or translate the visible picture."
)


@pytest.mark.parametrize("change", [{"mode": "MULTIPLY"}, {"mode": "SCREEN"}, {"composite": "CLIP_TO_BACKDROP"}])
@pytest.mark.parametrize("nested", [False, True])
def test_pass_through_group_that_mixes_with_what_is_below_is_refused(
    bench: Bench, change: dict[str, str], nested: bool
) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (250, 240, 230, 255))
    group = bench.gimp.new_group(image=image, name="through")
    inner = bench.gimp.new_group(image=image, name="inner", parent=group) if nested else group
    layer = bench.block(image, parent=inner)
    bench.gimp.arrange(layer=layer, **change)
    for item in {group, inner}:
        bench.gimp.arrange(layer=item, mode="PASS_THROUGH")
    before = bench.visible(image)
    assert bench.translate(image, group, filter="identity") == MIXED
    assert len(bench.gimp.layers(image=image)) == 2
    assert bench.translate(image, group, filter="identity", source="visible") == ""
    np.testing.assert_array_equal(bench.visible(image), before)
    bench.gimp.delete_image(image=image)


def test_pass_through_group_whose_effect_changes_what_is_below_is_refused(bench: Bench) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (250, 240, 230, 255))
    group = bench.gimp.new_group(image=image, name="through")
    bench.block(image, parent=group)
    bench.gimp.arrange(layer=group, mode="PASS_THROUGH")
    bench.gimp.give_effect(layer=group, operation="gegl:invert-gamma")
    assert bench.translate(image, group, filter="identity") == MIXED
    bench.gimp.delete_image(image=image)


def test_mixing_inside_of_a_group_that_is_not_passed_through_stays_there(bench: Bench) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (250, 240, 230, 255))
    group = bench.gimp.new_group(image=image, name="through")
    inner = bench.gimp.new_group(image=image, name="inner", parent=group)
    bench.block(image, parent=inner)
    bench.gimp.arrange(layer=bench.block(image, (18, 10, 12, 8), parent=inner), mode="MULTIPLY")
    bench.gimp.arrange(layer=group, mode="PASS_THROUGH")
    bench.kept(image, group)
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


@pytest.mark.parametrize("filter", ["identity", "nothing"])
def test_nothing_is_left_behind_when_effects_are_read(bench: Bench, filter: str) -> None:
    """Neither pictures nor changes, also when the translation fails."""
    image = bench.image(profile="adobe")
    group = group_in_group(bench, image)
    pictures, layers = bench.gimp.pictures(), bench.gimp.layers(image=image)
    bench.gimp.keep(image=image)
    said = bench.translate(image, group, filter=filter)
    assert bench.gimp.changed(image=image) == (said == "") == (filter == "identity")
    assert bench.gimp.pictures() == pictures
    assert bench.gimp.layers(image=image)[-len(layers) :] == layers
    bench.gimp.delete_image(image=image)
