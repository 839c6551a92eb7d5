"""Layers and groups of every kind: with the result in its source's place, the picture looks as it did before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import factories
from tests.hosts.gimp.pictures import Bench, seen
from tests.processes import serving

SHADOW = {"operation": "gegl:dropshadow", "radius": 2.0}


def group_in_group(bench: Bench, image: int) -> int:
    outer = bench.group(image, "outer")
    inner = bench.group(image, "inner", parent=outer)
    bench.gimp.give_effect(layer=bench.block(image, parent=inner), **SHADOW, x=-6.0, y=-6.0)
    bench.gimp.give_effect(layer=inner, operation="gegl:invert-gamma")
    bench.block(image, (2, 20, 9, 9), (10, 200, 10, 255), parent=outer)
    return outer


def group_of_mixed_layers(bench: Bench, image: int) -> int:
    group = bench.group(image, "mixed")
    bench.block(image, parent=group)
    bench.gimp.arrange(layer=bench.block(image, (18, 10, 12, 8), (128, 128, 128, 255), parent=group), mode="MULTIPLY")
    return group


def group_with_a_shadow_in_a_locked_layer(bench: Bench, image: int) -> int:
    """GIMP cuts off what reaches beyond a layer whose position is locked."""
    group = bench.group(image, "locked")
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
    group = bench.group(image, "locked")
    layer = bench.block(image, parent=group)
    bench.gimp.arrange(layer=group, locked=["content", "position", "visibility"])
    return layer


def layer_with_mask(bench: Bench, image: int) -> int:
    """The mask hides the shadow, too."""
    layer = bench.block(image)
    bench.mask(layer, np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None, :, None], 6, 0))
    bench.gimp.give_effect(layer=layer, **SHADOW, x=-6.0, y=-6.0)
    return layer


def layer_with_mask_that_is_off(bench: Bench, image: int) -> int:
    layer = layer_with_mask(bench, image)
    bench.gimp.arrange(layer=layer, masked=False)
    return layer


def group_with_mask(bench: Bench, image: int) -> int:
    group = group_in_group(bench, image)
    bench.gimp.scatter(layer=bench.gimp.give_mask(layer=group))
    return group


def pass_through_group(bench: Bench, image: int) -> int:
    group = bench.group(image, "through")
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


@pytest.mark.parametrize("effect", [None, {**SHADOW, "x": -6.0, "y": -6.0}, {"operation": "gegl:invert-gamma"}])
def test_picture_looks_as_before_with_link_and_vector_layers(bench: Bench, effect: dict[str, Any] | None) -> None:
    """Which GIMP 3.2 brought."""
    linked = bench.gimp.profile.home / "linked.png"
    Image.fromarray(np.full((9, 9, 3), (9, 99, 199), np.uint8)).save(linked)
    for make, arguments in (("new_link", {"path": bench.gimp.inside(linked)}), ("new_vector", {})):
        image = bench.image()
        layer = bench.gimp.ask(make, image=image, **arguments).value()
        if layer and effect:
            bench.gimp.give_effect(layer=layer, **effect)
        if layer:
            bench.kept(image, layer)
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


def test_nothing_is_left_behind_when_effects_are_read(bench: Bench, tmp_path: Path) -> None:
    """Neither pictures nor changes, also when the server refuses what was read."""
    image = bench.image(profile="adobe")
    group = group_in_group(bench, image)
    bench.visible(image)  # GIMP 3.2 knows how large a group is only when it has been drawn
    pictures, layers = bench.gimp.pictures(), bench.gimp.layers(image=image)
    bench.gimp.keep(image=image)
    factories.put(tmp_path, factories.identity())
    with serving(tmp_path, "--max-pixels", "100") as small:
        assert "pixels" in bench.translate(image, group, filter="identity", address=small.address)
    assert not bench.gimp.changed(image=image)
    assert bench.gimp.pictures() == pictures and bench.gimp.layers(image=image) == layers
    assert bench.translate(image, group, filter="identity") == ""
    assert bench.gimp.pictures() == pictures and bench.gimp.layers(image=image)[1:] == layers
    bench.gimp.delete_image(image=image)
