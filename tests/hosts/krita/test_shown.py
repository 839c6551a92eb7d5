"""Layers whose masks, style, group or clipping decide what an artist sees of them, in the real Krita."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.hosts.krita.pixels import FULL, pixels_of
from tests.hosts.krita.playing import Played

WIDTH, HEIGHT = 48, 32

# The first test waits for Krita to play everything.
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(
    "layer",
    [
        "pass-through group",
        "pass-through in pass-through",
        "pass-through in isolated",
        "pass-through with a clone",
        "isolated with a blending layer",
        "pass-through with effects",
        "blurred",
        "blurred group",
        "group of blurred",
        "moved",
        "selection mask",
        "colorize mask",
        "hidden, blurred",
        "hidden fill",
        "hidden group, blurred",
        "fill in a selection",
        "shadowed",
        "shadowed group",
        "faint",
        "over the edge",
        "in a locked group",
    ],
)
def test_translation_is_what_the_artist_sees_of_the_layer(krita: Played, layer: str) -> None:
    _check(krita["shown"][layer])


@pytest.mark.parametrize("space", ["RGBA U16", "RGBA F32", "GRAYA U8"])
@pytest.mark.parametrize("layer", ["pass-through group", "blurred"])
def test_what_the_artist_sees_is_translated_in_the_layers_own_space(krita: Played, layer: str, space: str) -> None:
    seen = krita["shown_in_other_spaces"][f"{layer}, {space}"]
    assert seen["made"]["space"][:2] == space.split(" ")
    _check(seen)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("masked away", "masked away"),
        ("emptied group", "emptied"),
        ("clone of a pass-through group", "clone of passing"),
    ],
)
def test_layer_of_which_nothing_shows_is_refused_in_words(krita: Played, layer: str, name: str) -> None:
    seen = krita["shown"][layer]
    assert "made" not in seen
    assert seen["messages"] == [
        f"Nothing of “{name}” shows on the canvas. Show or move a part of it there, or select another layer."
    ]


@pytest.mark.parametrize("what", ["filter", "blending", "clipped"])
def test_pass_through_group_that_mixes_with_what_is_below_is_refused_in_words(krita: Played, what: str) -> None:
    seen = krita["shown"][f"pass-through with a {what}{'' if what == 'filter' else ' layer'}"]
    assert "made" not in seen
    assert seen["messages"] == [
        f"Layers in the pass-through group “with {what}” mix with what is below the group. "
        "Switch off Pass Through in the layer list, or translate the whole picture."
    ]


def test_animated_layer_is_translated_as_it_is_at_the_current_frame(krita: Played) -> None:
    assert krita["frames"] == {"0": [4, 4, 8, 8], "4": [20, 12, 6, 6]}


@pytest.mark.parametrize(
    ("layer", "inherits"), [("shade", True), ("light", True), ("soft", True), ("stars", True), ("base", False)]
)
def test_result_inherits_alpha_as_its_source_does(krita: Played, layer: str, inherits: bool) -> None:
    assert krita["clipped"][layer] == {
        "parent": "figure",
        "inherits": inherits,
        "mode": "normal",
        "same picture": True,
        "steps": 1,
    }


@pytest.mark.parametrize("way", ["again", "from the history"])
def test_clipped_result_that_is_made_once_more_is_clipped_too(krita: Played, way: str) -> None:
    seen = krita["clipped"][way]
    assert (seen["inherits"], seen["same picture"]) == (True, True)


def _check(seen: dict[str, Any]) -> None:
    """What 8 bits cannot tell from nothing is left out, as Krita does in every depth when it measures a layer."""
    assert seen["messages"] == []
    made = seen["made"]
    alone = pixels_of({**made, "area": [0, 0, WIDTH, HEIGHT], "pixels": seen["alone"]})
    x, y, width, height = made["area"]
    translated = np.zeros_like(alone)
    translated[y : y + height, x : x + width] = pixels_of(made)
    nothing = FULL[made["space"][1]] / 510
    visible = alone[..., -1] > nothing
    assert visible.any()
    np.testing.assert_array_equal(translated[visible], alone[visible])
    assert (translated[~visible][..., -1] <= nothing).all()
