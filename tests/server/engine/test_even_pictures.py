"""Pictures that are even, or nearly, through whole networks: at once and in pieces, against float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend, open_backend
from server.engine.cancel import CancelToken
from server.engine.execution import Execution
from server.engine.feed import Feed
from server.engine.network.arrays import Array
from server.engine.plan import DoesNotFit, Plan
from server.engine.provider import Provider
from server.engine.source import TensorSource
from server.engine.tiled.executor import PlannedTiles
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.whole import PlannedWhole
from tests.server.engine.even_pictures import PICTURES, Levels
from tests.server.engine.in_float64 import exact
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.networks import antialiased, strided
from tests.server.engine.tiled.running import Way, plan_in, read, run_plan

IN_PIECES, WHOLE = (132, 148), (60, 64)
FULL_CONTRAST = 40
"""Of a normalised picture, in levels for a deviation."""


def contrasted(draft: Draft) -> str:
    """The picture, normalised: nothing is lost on its way."""
    identity = np.zeros((3, 3, 3, 3), np.float32)
    identity[range(3), range(3), 1, 1] = 1
    x = draft.add("Conv", draft.pad(INPUT, 1), identity, channels=3)
    return draft.add("Mul", draft.norm(x, learned=False), np.float32(FULL_CONTRAST / 127.5))


NETWORKS = (contrasted, antialiased, strided)


@cache
def model_of(network: Callable[[Draft], str]) -> bytes:
    draft = Draft()
    return draft.model(network(draft))


@cache
def in_float64(network: Callable[[Draft], str], picture: str) -> Array:
    """The answer to a picture that is computed in pieces."""
    return exact(model_of(network), tensor(PICTURES[picture](*IN_PIECES)))


def tensor(picture: Levels) -> Array:
    return np.ascontiguousarray((picture.astype(np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)[None])


def difference(found: Array, expected: Array) -> int:
    """The largest, in levels of 8 bits."""
    one, other = (np.rint((values.clip(-1, 1) + 1) * 127.5) for values in (found, expected))
    return int(np.abs(one - other).max())


def computed(network: AnySizeNetwork, values: Array, plan: Plan) -> tuple[Array, Plan]:
    """The answer, and the plan by which it was computed in the end."""
    bands: list[Array] = []
    execution = Execution(network, TensorSource(values), lambda band: bands.append(band.copy()), plan)
    while execution.step(CancelToken()) < 1:
        pass
    return np.concatenate(bands, axis=2), execution.plan


def opened(device: Backend, model: bytes) -> AnySizeNetwork:
    return AnySizeNetwork(device.open(model, Feed()), multiple=4)


def least_memory(network: AnySizeNetwork, height: int, width: int) -> int:
    with pytest.raises(DoesNotFit) as caught:
        network.plan(height, width, 1)
    return caught.value.memory_bytes


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_at_once_the_result_is_that_of_float64(device: Backend, network: Callable[[Draft], str], picture: str) -> None:
    opened_, values = opened(device, model_of(network)), tensor(PICTURES[picture](*WHOLE))
    plan = opened_.plan(*WHOLE, 1 << 40)
    assert isinstance(plan, PlannedWhole)
    found, _ = computed(opened_, values, plan)
    assert difference(found, exact(model_of(network), values)) <= 1


@pytest.mark.parametrize("times", [8, 1 << 30], ids=["little", "all"])
@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_in_pieces_of_any_memory_it_is_too(
    device: Backend, network: Callable[[Draft], str], picture: str, times: int
) -> None:
    opened_, values = opened(device, model_of(network)), tensor(PICTURES[picture](*IN_PIECES))
    plan = opened_.plan(*IN_PIECES, times * least_memory(opened_, *IN_PIECES))
    assert isinstance(plan, PlannedTiles)
    found, _ = computed(opened_, values, plan)
    assert difference(found, in_float64(network, picture)) <= 1


@pytest.mark.parametrize("layout", [CHANNELS_LAST, CHANNELS_FIRST], ids=["last", "first"])
@pytest.mark.parametrize("picture", PICTURES)
def test_both_layouts_have_all_digits(picture: str, layout: Layout) -> None:
    network, values = read(model_of(antialiased)), tensor(PICTURES[picture](*IN_PIECES))
    way = Way(tile_room=2_000_000, layout=layout)
    found = run_plan(network, plan_in(network, way, *IN_PIECES), layout, values)
    assert difference(found, in_float64(antialiased, picture)) <= 1


@pytest.mark.parametrize(("picture", "is_even"), [("empty_page", True), ("constant", True), ("slope", False)])
def test_only_an_even_picture_is_kept_at_full_precision_where_half_was_planned(
    device: Backend, picture: str, is_even: bool
) -> None:
    opened_, values = opened(device, model_of(antialiased)), tensor(PICTURES[picture](*IN_PIECES))
    plan = opened_.plan(*IN_PIECES, 5 * least_memory(opened_, *IN_PIECES))
    assert isinstance(plan, PlannedTiles)
    assert plan.plan.kept == np.float16
    _, last = computed(opened_, values, plan)
    assert isinstance(last, PlannedTiles)
    assert last.plan.kept == (np.float32 if is_even else np.float16)


@given(some.data(), some.sampled_from(sorted(PICTURES)), some.sampled_from(NETWORKS))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_size_and_memory_give_the_result_of_float64(
    data: some.DataObject, picture: str, network: Callable[[Draft], str]
) -> None:
    height, width = (4 * data.draw(some.integers(16, 40), name) for name in ("height", "width"))
    opened_ = opened(open_backend(Provider.CPU, threads=1), model_of(network))
    plan = opened_.plan(
        height, width, data.draw(some.integers(8, 100), "memory") * least_memory(opened_, height, width)
    )
    values = tensor(PICTURES[picture](height, width))
    found, _ = computed(opened_, values, plan)
    assert difference(found, exact(model_of(network), values)) <= 1
