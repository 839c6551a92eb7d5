"""What computations take is never more than what they declare, and not much less."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.engine.footprint.networks import NETWORKS, dense, dense_with_mean
from tests.server.engine.footprint.taken import MIB, Taken, measure
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft
from tests.server.engine.tiled.networks import strided, unet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says how much was taken at most"),
]

PLENTY = 8 << 30
SIDE = 600
MOST = 1.5  # of what is taken may be declared


def taken(folder: Path, network: Callable[[Draft], str], *pictures: tuple[int, int, int]) -> list[Taken]:
    draft = Draft()
    return measure(folder, draft.model(network(draft)), *pictures, input=INPUT, output=OUTPUT, batches=False)


def at_once(network: Callable[[Draft], str]) -> Callable[[Draft], str]:
    """The network with its picture's maximum, for which all of it must be there."""
    return lambda draft: draft.add("Add", network(draft), draft.add("GlobalMaxPool", INPUT), channels=3)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_takes_at_once_what_it_declares(tmp_path: Path, network: Callable[[Draft], str]) -> None:
    plenty, least = taken(tmp_path, at_once(network), (SIDE, SIDE, PLENTY), (SIDE, SIDE, 1))
    (short,) = taken(tmp_path, at_once(network), (SIDE, SIDE, least.declared))
    assert (plenty.pieces, least.pieces, short.pieces) == (1, 0, 1)
    for one in (plenty, short):
        assert 1 <= one.ratio <= MOST, (plenty, short)
        assert one.held < 16 * MIB


@pytest.mark.parametrize("network", [dense, strided, unet])
@pytest.mark.parametrize("memory", [100, 240])
def test_a_network_takes_in_pieces_what_it_declares(
    tmp_path: Path, network: Callable[[Draft], str], memory: int
) -> None:
    _, again = taken(tmp_path, network, (SIDE, SIDE, memory * MIB), (SIDE, SIDE, memory * MIB))
    assert again.pieces > 1
    assert again.declared <= memory * MIB
    assert again.taken <= again.declared
    assert again.held < 16 * MIB


def test_what_a_small_picture_leaves_is_given_back_before_a_large_one(tmp_path: Path) -> None:
    small, large = taken(tmp_path, at_once(dense_with_mean), (400, 400, PLENTY), (SIDE, SIDE, PLENTY))
    assert small.held > 0
    assert small.held + large.taken <= large.declared
    assert small.held + large.held < 16 * MIB
