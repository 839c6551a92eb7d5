"""Statistics of groups of channels, and those that a graph spells out, of pictures on which digits get lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.network.arrays import Array
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST
from server.engine.tiled.pooled_statistics import PooledStatistics
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.running import EVERYTHING, Way, plan_in, read, run_plan

SIDE, EPSILON = 400, 1e-5
LEVEL = 1 / 40  # of 8 bits, where a picture's result is stretched as a filter stretches it
LAYOUTS = {"last": CHANNELS_LAST, "first": CHANNELS_FIRST}


def group(draft: Draft) -> str:
    flat = draft.add("Reshape", INPUT, np.array([0, 1, -1]), channels=1)
    normed = draft.add("InstanceNormalization", flat, np.ones(1, np.float32), np.zeros(1, np.float32), epsilon=EPSILON)
    return draft.add("Reshape", normed, draft.add("Shape", INPUT, channels=1), channels=3)


def spelled_out(draft: Draft) -> str:
    rest = draft.add("Sub", INPUT, draft.add("ReduceMean", INPUT, np.array([2, 3])))
    variance = draft.add("ReduceMean", draft.add("Mul", rest, rest), np.array([2, 3]))
    return draft.add("Div", rest, draft.add("Sqrt", draft.add("Add", variance, np.float32(EPSILON))))


NORMS: dict[str, tuple[Callable[[Draft], str], int]] = {"group": (group, 1), "spelled out": (spelled_out, 3)}


def even() -> NDArray[np.float32]:
    """An empty page: 250 and a little noise."""
    return (250 + np.random.default_rng(0).integers(-2, 3, (1, 3, SIDE, SIDE))).astype(np.float32)


def right(picture: Array, groups: int) -> Array:
    values = picture.astype(np.float64).reshape(groups, -1)
    rest = values - values.mean(1, keepdims=True)
    found: Array = (rest / np.sqrt(values.var(1, keepdims=True) + EPSILON)).reshape(picture.shape)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("tile_room", [EVERYTHING, 2_000_000], ids=["plenty", "little"])
@pytest.mark.parametrize("norm", NORMS)
def test_a_nearly_even_picture_keeps_its_digits(norm: str, tile_room: int, layout: str) -> None:
    draft, picture, (add, groups) = Draft(), even(), NORMS[norm]
    network, way = read(draft.model(add(draft))), Way(tile_room=tile_room, layout=LAYOUTS[layout])
    found = run_plan(network, plan_in(network, way, SIDE, SIDE), way.layout, picture)
    np.testing.assert_allclose(found, right(picture, groups), atol=LEVEL / 100)


@pytest.mark.parametrize("groups", [1, 2, 6, None])
def test_groups_have_the_statistics_of_all_their_channels(groups: int | None) -> None:
    values = np.random.default_rng(0).normal(1000, 1, (6, 50)) + np.arange(6)[:, None]
    pooled = PooledStatistics(6)
    for part in (values[:, :20], values[:, 20:]):
        pooled.add(part.shape[1], part.mean(1), part.var(1))
    together = values.reshape(groups or 6, -1)
    each = 6 // (groups or 6)
    mean, variance = pooled.of_groups(groups)
    np.testing.assert_allclose(mean, together.mean(1).repeat(each), rtol=1e-12)
    np.testing.assert_allclose(variance, together.var(1).repeat(each), rtol=1e-9)
