"""Memory that layers were kept in: whose it is next. Measured in processes of their own."""

from __future__ import annotations

import pytest

from server.engine.tiled.layout import CHANNELS_LAST, Layout
from tests.server.engine.tiled.holding import LAYOUTS, measure

MIB = 1 << 20

both_layouts = pytest.mark.parametrize("layout", LAYOUTS, ids=["last", "first"])


@both_layouts
def test_memory_goes_back_to_the_system(layout: Layout) -> None:
    """As soon as it is known not to serve for what comes next."""
    filled, beside_half, beside_nothing = measure("another size", layout)
    assert filled >= 30 * MIB
    assert beside_half < 20 * MIB
    assert beside_nothing < 4 * MIB


def test_memory_goes_back_when_all_is_done() -> None:
    filled, closed = measure("closing", CHANNELS_LAST)
    assert filled >= 30 * MIB
    assert closed < 4 * MIB


@both_layouts
def test_one_layer_comes_as_another_goes(layout: Layout) -> None:
    """Two in turn need little more memory than one."""
    one, in_turn = measure("in turn", layout)
    assert in_turn < one + 8 * MIB


def test_recycled_memory_serves_for_the_next_layer_of_its_size() -> None:
    one, in_turn, closed = measure("recycled", CHANNELS_LAST)
    assert in_turn < one + 4 * MIB
    assert closed < 4 * MIB
