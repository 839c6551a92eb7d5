"""Pleinair in the real Krita: what an artist's picture looks like afterwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from server.client.translations import Client
from tests.hosts.krita.pixels import FULL, decoded, pixels_of, samples
from tests.hosts.krita.playing import Played
from tests.hosts.krita.spaces import SPACES
from tests.processes import ServerProcess

# A filter's own range is -1 to 1: floats are rounded on the way there.
FLOAT_ROUNDING = 5e-7

# In each stage of a large translation; an interface that waits for the stage's end answers once, after it.
LEAST_ANSWERS = 5

# The first test waits for Krita to play everything.
pytestmark = pytest.mark.timeout(600)


def test_docker_finds_the_server_and_its_filters(krita: Played, server: ServerProcess) -> None:
    seen = krita["connects"]
    assert f"Connected to {server.address}" in seen["labels"]
    assert seen["filters"] == ["identity", "inverting", "slow"]


@pytest.mark.parametrize("space", SPACES)
def test_identity_gives_back_every_pixel(krita: Played, space: str) -> None:
    seen = krita["every_space"][space]
    assert seen["identity"]["space"] == seen["source"]["space"]
    assert seen["identity"]["area"] == seen["source"]["area"]
    source, made = pixels_of(seen["source"]), pixels_of(seen["identity"])
    np.testing.assert_array_equal(made[..., -1], source[..., -1])
    np.testing.assert_allclose(made, source, rtol=0, atol=_rounding(space))


@pytest.mark.parametrize("space", SPACES)
def test_source_is_untouched(krita: Played, space: str) -> None:
    seen = krita["every_space"][space]
    assert seen["source after"] == seen["source"]


@pytest.mark.parametrize("depth", ["U8", "U16", "F16", "F32"])
@pytest.mark.parametrize("model", ["RGBA sRGB-elle-V2-srgbtrc.icc", "GRAYA Gray-D50-elle-V2-srgbtrc.icc"])
def test_inversion_inverts_colours_and_keeps_alpha(krita: Played, model: str, depth: str) -> None:
    channels, profile = model.split(" ")
    seen = krita["every_space"][f"{channels} {depth} {profile}"]
    source, made = (pixels_of(seen[which]).astype(np.float64) for which in ("source", "inverting"))
    visible = source[..., -1] > 0
    np.testing.assert_array_equal(made[..., -1], source[..., -1])
    np.testing.assert_allclose(
        made[visible][..., :-1], FULL[depth] - source[visible][..., :-1], rtol=0, atol=FULL[depth] / 1000
    )


def test_layer_keeps_its_own_space_in_a_picture_of_another(krita: Played) -> None:
    seen = krita["layer_in_another_space"]
    assert seen["made"]["space"] == ["RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc"]
    assert seen["made"]["pixels"] == seen["source"]["pixels"]
    assert seen["steps"] == 1


def test_result_is_one_undo_step_above_its_source(krita: Played) -> None:
    seen = krita["undo"]
    assert seen["names"] == ["Background", "source", "top"]
    assert seen["after"] == ["Background", "source", "Inverting: source", "top"]
    assert seen["steps"] == 1
    assert seen["look"] == [102, "color"]
    assert seen["undone"] == seen["names"]
    assert seen["redone"] == seen["after"]
    assert seen["same again"]


@pytest.mark.parametrize("depth", ["U8", "U16", "F16", "F32"])
def test_soft_selection_goes_into_alpha_exactly(krita: Played, depth: str) -> None:
    seen = krita["soft_selection"][depth]
    source, made = (samples(seen[which], depth, 4) for which in ("source", "made"))
    selected = np.frombuffer(decoded(seen["selected"]), np.uint8).astype(np.float64)
    exact = source[:, 3].astype(np.float64) * selected / 255
    expected = np.floor(exact + 0.5) if depth in ("U8", "U16") else exact.astype(source.dtype)
    np.testing.assert_array_equal(made[:, 3], expected)
    np.testing.assert_allclose(made[:, :3], source[:, :3], rtol=0, atol=FLOAT_ROUNDING if depth == "F32" else 0)
    assert seen["bounds"][0] >= 21 and seen["bounds"][1] >= 10


def test_selection_beside_the_layer_is_refused_in_words(krita: Played) -> None:
    (said,) = krita["soft_selection"]["beside"]
    assert "No part of “source” is selected." in said


@pytest.mark.parametrize(
    "layer",
    [
        "group (layer)",
        "locked (layer)",
        "half away (layer)",
        "one pixel (layer)",
        "masked (layer-with-masks)",
        "clone (layer)",
        "vector (layer)",
        "file (layer)",
    ],
)
def test_layer_is_translated_as_it_is_seen(krita: Played, layer: str) -> None:
    seen = krita["kinds_of_layers"][layer]
    assert seen["messages"] == []
    assert seen["made"]["pixels"] == seen["projection"] != ""
    assert seen["above"]


def test_masks_are_left_out_unless_asked_for(krita: Played) -> None:
    seen = krita["kinds_of_layers"]["masked (layer)"]
    assert (pixels_of(seen["made"])[..., 3] == 255).all()
    assert seen["made"]["pixels"] != seen["projection"]


def test_whole_picture_becomes_a_layer_on_top(krita: Played) -> None:
    seen = krita["kinds_of_layers"]["locked (picture)"]
    assert seen["made"]["area"] == [0, 0, 32, 24]
    assert seen["made"]["pixels"] == seen["projection"]


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("empty (layer)", "“empty” is empty."),
        ("away (layer)", "“away” lies outside the canvas."),
        ("filter (layer)", "“filter” is a filter layer"),
        ("mask (layer)", "“mask” is a mask, not a layer."),
    ],
)
def test_what_cannot_be_translated_is_refused_in_words(krita: Played, layer: str, said: str) -> None:
    seen = krita["kinds_of_layers"][layer]
    assert said in seen["messages"][0]
    assert "made" not in seen


def test_colour_model_without_filters_is_refused_in_words(krita: Played) -> None:
    assert "The layer uses CMYK colours" in krita["refused_model"]


def test_apply_without_a_picture_says_so(krita: Played) -> None:
    (said,) = krita["no_document"]
    assert "No picture is open." in said


def test_cancel_frees_the_server_and_adds_nothing(krita: Played) -> None:
    seen = krita["cancelled"]
    assert seen["ended at once"]
    assert seen["said"] == "Cancelled; nothing was added."
    assert seen["names"] == ["Background", "source"]
    assert (seen["next"], seen["steps"]) == ("done", 1)


def test_layer_added_before_the_cancellation_is_known(krita: Played) -> None:
    seen = krita["cancelled_late"]
    assert seen["made"] == 1
    assert seen["said"].startswith("Done in")


def test_closed_picture_cancels_its_translation(krita: Played) -> None:
    seen = krita["closed_during_a_job"]
    assert "The picture was closed, so the translation was cancelled." in seen["said"]
    assert seen["next"] == "done"


def test_batch_gives_each_layer_its_result(krita: Played) -> None:
    seen = krita["batch"]
    layers = ["Background", "layer 1", "layer 2", "layer 3"]
    assert seen["names"] == [name for layer in layers for name in (layer, f"Identity: {layer}")]
    assert seen["steps"] == len(layers)


def test_repeat_last_filters_the_source_again(krita: Played) -> None:
    seen = krita["repeat_last"]
    assert seen["names"] == ["Background", "Inverting: Background", "Inverting: Background"]


def test_repeat_has_a_shortcut_of_its_own(krita: Played) -> None:
    seen = krita["repeat_last"]
    assert seen["keys"] == ["Ctrl+Alt+P"]
    assert seen["others"] == []


def test_strength_and_blending_change_without_another_run(krita: Played) -> None:
    assert krita["strength_afterwards"] == {"opacity": 128, "mode": "color", "same run": True}


def test_past_result_comes_back_the_same_in_one_step(krita: Played) -> None:
    assert krita["history"] == {"same": True, "steps": 1}


def test_preview_of_a_part_says_that_it_may_differ(krita: Played) -> None:
    seen = krita["artist"]
    assert (seen["exact"], seen["badge"]) == (False, "The full run may differ")


def test_preview_shows_before_on_the_left_and_after_on_the_right(krita: Played) -> None:
    """The picture is equally blue along each row, and the filter inverts."""
    before, after = krita["artist"]["blues"]
    assert 100 <= before <= 200
    assert after == pytest.approx(255 - before, abs=3)


def test_set_up_check_says_that_all_is_ready(krita: Played) -> None:
    seen = krita["dialogs"]
    assert (seen["verdict"], seen["checks"]) == ("Everything is ready.", 5)


def test_copied_report_helps_and_keeps_the_token_secret(krita: Played, server: ServerProcess) -> None:
    report = krita["dialogs"]["report"]
    assert "Editor: Krita 5" in report
    assert "A small picture is translated: passed." in report
    assert server.address in report
    assert "a-secret-token" not in report


def test_saved_result_knows_its_filter_and_makes_it_again(krita: Played) -> None:
    seen = krita["again"]
    assert "Made with “Inverting”" in seen["labels"]
    assert seen["names"] == ["Background", "source", "Inverting: source", "Inverting: source"]
    assert seen["on top"]
    assert seen["pixel"] == [255 - 50, 255 - 60, 255 - 70, 255]


def test_result_of_the_whole_picture_is_not_made_from_itself(krita: Played) -> None:
    assert krita["again"]["offered for the picture"] is False


def test_result_without_its_source_says_what_to_do(krita: Played) -> None:
    (said,) = krita["again"]["without source"]
    assert "The layer that this one was made from is no longer in the picture." in said


def test_docker_is_used_with_the_keyboard_alone(krita: Played) -> None:
    seen = krita["keyboard"]
    assert seen["docker"], "Tab went to Krita, which hides its dockers then"
    assert seen["order"][0].startswith("Settings")
    assert [
        name for name in seen["order"] if name in ("Search filters", "Filters", "&Preview", "&Apply", "Strength")
    ] == [
        "Search filters",
        "Filters",
        "&Preview",
        "&Apply",
        "Strength",
        "Strength",
    ]
    assert seen["names"] == ["Background", "Inverting: Background"]


def test_no_letter_of_the_docker_is_taken_by_krita(krita: Played) -> None:
    assert krita["keyboard"]["clashes"] == []


def test_local_server_without_a_python_says_what_to_name(krita: Played) -> None:
    assert "Pleinair does not know which Python its server is installed in." in krita["dialogs"]["server"]


def test_large_layer_comes_back_whole_while_the_interface_answers(
    krita: Played, record_property: Callable[[str, object], None]
) -> None:
    seen = krita["large"]
    for stage, answers in {**seen["compared"], **seen["stages"]}.items():
        record_property(f"longest gap, {stage}", answers["longest gap"])
    assert seen["same"]
    assert {stage for stage, answers in seen["stages"].items() if answers["answers"] < LEAST_ANSWERS} == set()


def test_killed_server_gives_a_sentence_and_leaves_the_picture(krita: Played) -> None:
    seen = krita["server_killed"]
    assert seen["state"] == "failed"
    assert "ended the connection." in seen["said"]
    assert seen["same"]
    assert any("Start a local server" not in label and "ended the connection" in label for label in seen["connection"])


def test_krita_quits_during_a_job_and_frees_the_server(krita: Played, server: ServerProcess) -> None:
    assert krita["leaves_during_a_job"]
    assert krita.status == 0, krita.output[-3000:]
    with Client(server.address) as client:
        pixels = np.zeros((8, 8, 3), np.uint8)
        translated, _ = client.translate("identity", pixels)
        np.testing.assert_array_equal(translated, pixels)


def _rounding(space: str) -> float:
    """What Krita's own conversion there and back may cost; nothing where nothing is converted."""
    model, depth, profile = space.split(" ")
    if "ClayRGB" not in profile and "g22" not in profile:
        return FLOAT_ROUNDING if depth == "F32" else 0
    if model == "GRAYA":
        return 1  # Krita's table for this curve begins at 2
    return {"U8": 0, "U16": 64, "F16": 1e-3, "F32": 5e-5}[depth]
