"""Layers whose look depends on what is below them: the result is seen where its source is, or it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.hosts.gimp.pictures import Bench


@pytest.mark.parametrize("composite", ["CLIP_TO_BACKDROP", "UNION", "CLIP_TO_LAYER", "INTERSECTION", "AUTO"])
def test_result_is_clipped_as_its_source(bench: Bench, composite: str) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (255, 255, 255, 255))
    group = bench.group(image, "figure")
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
        group = bench.group(image, "figure")
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
    group = bench.group(image, "through")
    inner = bench.group(image, "inner", parent=group) if nested else group
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
    group = bench.group(image, "through")
    bench.block(image, parent=group)
    bench.gimp.arrange(layer=group, mode="PASS_THROUGH")
    bench.gimp.give_effect(layer=group, operation="gegl:invert-gamma")
    assert bench.translate(image, group, filter="identity") == MIXED
    bench.gimp.delete_image(image=image)


def test_mixing_inside_of_a_group_that_is_not_passed_through_stays_there(bench: Bench) -> None:
    image = bench.image()
    bench.block(image, (0, 0, 40, 30), (250, 240, 230, 255))
    group = bench.group(image, "through")
    inner = bench.group(image, "inner", parent=group)
    bench.block(image, parent=inner)
    bench.gimp.arrange(layer=bench.block(image, (18, 10, 12, 8), parent=inner), mode="MULTIPLY")
    bench.gimp.arrange(layer=group, mode="PASS_THROUGH")
    bench.kept(image, group)
    bench.gimp.delete_image(image=image)
