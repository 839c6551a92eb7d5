"""What networks take at once, by their graphs."""

from __future__ import annotations

import numpy as np
import pytest

from server.engine.footprint.arena import Arena
from server.engine.footprint.footprint import Footprint
from tests.server.engine.footprint.networks import NETWORKS, attentive, dense_with_mean
from tests.server.engine.tiled.drafts import INPUT, Draft

MAP = 64 * 64 * 4  # bytes of one channel


def alive(draft: Draft, output: str, *, side: int = 64) -> int:
    network = Footprint(draft.model(output))
    return network.run({INPUT: network.picture(INPUT, (1, 3, side, side))}, Arena())


@pytest.mark.parametrize("network", NETWORKS)
def test_it_grows_with_the_picture(network: object) -> None:
    draft = Draft()
    (made,) = (one for one in NETWORKS if one is network)
    output = made(draft)
    small, large = alive(draft, output, side=128), alive(draft, output, side=256)
    assert 3 < large / small < (17 if network is attentive else 4.1)


def test_two_maps_are_alive_between_two_operations() -> None:
    draft = Draft()
    x = draft.add("Erf", draft.add("Erf", draft.add("Erf", INPUT)))
    assert alive(draft, x) == 2 * 3 * MAP


def test_a_gate_and_an_activation_behind_a_convolution_are_not_made() -> None:
    plain, fused = Draft(), Draft()
    x = plain.conv(INPUT, 32, pads=[1] * 4)
    y = fused.relu(fused.conv(INPUT, 32, pads=[1] * 4))
    assert alive(plain, x) == alive(fused, y)


def test_a_loop_s_body_is_counted_once_and_a_branch_by_the_larger_one() -> None:
    draft = Draft()
    (branching,) = (one for one in NETWORKS if one.__name__ == "branching")
    assert alive(draft, branching(draft)) >= 2 * 32 * MAP


def test_shapes_are_followed_through_what_exporters_compute_of_them() -> None:
    draft = Draft()
    shape = draft.add("Shape", INPUT)
    half = draft.add("Div", draft.add("Gather", shape, np.array([2])), np.array([2]))
    target = draft.add("Concat", np.array([1, 3]), half, np.array([2, -1]), axis=0)
    lines = draft.add("Reshape", INPUT, target, channels=3)
    x = draft.add("ReduceMean", draft.add("Erf", lines), np.array([3]), keepdims=0, channels=3)
    assert alive(draft, x) < 2.5 * 3 * MAP


def test_what_nobody_knows_is_taken_to_be_as_large_as_what_it_is_made_of() -> None:
    draft = Draft()
    x = draft.add("Wonder", INPUT, domain="elsewhere")
    assert alive(draft, draft.add("Erf", x)) >= 2 * 3 * MAP


def test_a_network_with_skips_keeps_what_is_skipped() -> None:
    draft = Draft()
    assert alive(draft, dense_with_mean(draft)) >= 8 * 32 * MAP
