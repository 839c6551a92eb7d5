"""Whole networks in tiles, against plain onnxruntime on the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.cancel import CancelToken, RunControl
from server.engine.network.arrays import Array
from server.engine.onnxruntime.part import OnnxruntimePart
from server.engine.plan import Overflow
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST
from server.engine.tiled.programs import Programs
from server.engine.tiled.sweep_runner import SweepRunner
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.networks import NETWORKS, made, norm_last, strided, two_norms_of_one
from tests.server.engine.tiled.running import (
    Way,
    in_tiles,
    noise,
    open_files,
    open_part,
    plan_in,
    read,
    run_plan,
    whole,
)

BANDS = 250_000  # bytes for a tile: a few bands of the pictures here
TILES = 1
WAYS = {
    "whole": Way(),
    "bands": Way(tile_room=BANDS),
    "tiles": Way(tile_room=TILES),
    "computed again": Way(room=0, tile_room=BANDS),
    "partly computed again": Way(room=60_000, tile_room=BANDS),
    "in a file": Way(in_file=True, tile_room=BANDS),
    "at half precision": Way(kept=np.float16, tile_room=BANDS),
}
LAYOUTS = {"last": CHANNELS_LAST, "first": CHANNELS_FIRST}


def agree(model: bytes, picture: Array, way: Way) -> None:
    network = read(model)
    found = run_plan(network, plan_in(network, way, *picture.shape[2:]), way.layout, picture)
    tolerance = 5e-3 if way.kept is np.float16 else 1e-4
    np.testing.assert_allclose(found, whole(model, picture), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_tiles_give_the_whole_pictures_result(network: Callable[[Draft], str], way: str, layout: str) -> None:
    agree(made(network), noise(3, 44, 36), replace(WAYS[way], layout=LAYOUTS[layout]))


@pytest.mark.parametrize(("height", "width"), [(92, 32), (32, 96), (36, 36)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_sizes_that_are_no_whole_tiles_are_right(layout: str, height: int, width: int) -> None:
    agree(made(strided), noise(3, height, width), Way(tile_room=TILES, layout=LAYOUTS[layout]))


@pytest.mark.xfail(strict=True, reason="a tile is sure to have what one padding reflects, not what several in a row do")
def test_margins_of_margins_are_right() -> None:
    draft = Draft()
    x = draft.pad(draft.pad(draft.pad(INPUT, 4), 4, "constant"), 4, "constant")
    agree(draft.model(draft.norm(x)), noise(3, 120, 36), Way(tile_room=TILES))


class Grown:
    """A random network, drawn operation by operation."""

    def __init__(self, data: some.DataObject) -> None:
        self._data, self._draft = data, Draft()

    def model(self) -> bytes:
        x, scale, kept = INPUT, 1, list[tuple[str, int]]()
        for _ in range(self._data.draw(some.integers(1, 6), "layers")):
            kept.append((x, scale))
            x, scale = self._step(x, scale)
            like = [name for name, other in kept if other == scale and name != INPUT]
            if like and self._flip("skip"):
                x = self._joined(x, self._data.draw(some.sampled_from(like), "skip from"))
        return self._draft.model(x)

    def _step(self, x: str, scale: int) -> tuple[str, int]:
        """What keeps the size, or halves or doubles it; ``scale`` is the picture's height for a pixel."""
        kinds = ["conv", "block", "norm", "padded", "relu", "wide", "group", "centred", "gated"]
        kinds += ["down", "pool"] if scale < 4 else []
        kinds += ["up", "transposed"] if scale > 1 else []
        draft, channels = self._draft, self._data.draw(some.sampled_from([3, 16, 21]), "channels")
        match self._data.draw(some.sampled_from(kinds), "kind"):
            case "conv":
                return draft.conv(x, channels, pads=[1] * 4), scale
            case "block":
                return draft.block(x, channels, mode=self._mode()), scale
            case "norm":
                return draft.norm(x), scale
            case "group":
                return draft.group_norm(x, draft.channels[x] // 3 if draft.channels[x] % 3 == 0 else 2), scale
            case "centred":
                return draft.add("Sub", x, draft.add("GlobalAveragePool", x)), scale
            case "gated":
                gate = draft.add("Sigmoid", draft.conv(draft.add("GlobalAveragePool", draft.relu(x)), 1, 1))
                return draft.add("Mul", x, gate), scale
            case "padded":
                return draft.conv(
                    draft.pad(draft.relu(draft.pad(x, (1, 0, 1, 1), self._mode())), (0, 1, 0, 0)), 16
                ), scale
            case "wide":
                return draft.add("Clip", draft.conv(x, 4, 5, pads=[2] * 4), np.float32(-1), np.float32(1)), scale
            case "down":
                return draft.conv(x, channels, strides=[2, 2], pads=[1] * 4), scale * 2
            case "pool":
                return draft.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]), scale * 2
            case "up":
                mode = self._data.draw(some.sampled_from(["linear", "nearest"]), "mode")
                return draft.grow(x, 2, mode), scale // 2
            case "transposed":
                return draft.transposed(x, channels, 4, strides=[2, 2], pads=[1] * 4), scale // 2
        return draft.add("LeakyRelu", x, alpha=0.3), scale

    def _flip(self, what: str) -> bool:
        return self._data.draw(some.booleans(), what)

    def _mode(self) -> str:
        return self._data.draw(some.sampled_from(["reflect", "edge", "constant"]), "mode")

    def _joined(self, x: str, other: str) -> str:
        if self._draft.channels[x] == self._draft.channels[other] and self._flip("added"):
            return self._draft.add(self._data.draw(some.sampled_from(["Add", "Sub", "Max"]), "how"), x, other)
        return self._draft.concat(x, other)


@given(some.data(), some.integers(2, 6), some.integers(2, 6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_network_gives_the_whole_pictures_result(data: some.DataObject, height: int, width: int) -> None:
    model = Grown(data).model()
    way = Way(
        room=data.draw(some.sampled_from([0, 50_000, 1 << 40]), "room"),
        tile_room=data.draw(some.sampled_from([TILES, BANDS]), "tile"),
        in_file=data.draw(some.booleans(), "file"),
        layout=data.draw(some.sampled_from(list(LAYOUTS.values())), "layout"),
    )
    agree(model, noise(3, height * 8, width * 8), way)


def loud(factor: float, *, seen_again: bool = True) -> bytes:
    """Values of ``factor`` are kept between two sweeps and, or not, measured after that."""
    draft = Draft()
    x = draft.add("Mul", draft.conv(INPUT, 4), np.float32(factor))
    x = draft.norm(x)
    return draft.model(draft.norm(draft.conv(x, 4)) if seen_again else draft.add("Tanh", x))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seen_again", [True, False])
def test_values_beyond_half_precision_are_an_overflow(layout: str, seen_again: bool) -> None:
    way = Way(kept=np.float16, tile_room=TILES, layout=LAYOUTS[layout])
    with pytest.raises(Overflow):
        in_tiles(loud(1e6, seen_again=seen_again), noise(3, 44, 36), way)


@pytest.mark.parametrize("factor", [1e6, -1e6])
def test_values_beyond_half_precision_on_one_side_are_an_overflow(factor: float) -> None:
    draft = Draft()
    x = draft.norm(draft.add("Mul", draft.relu(draft.conv(INPUT, 4)), np.float32(factor)))
    with pytest.raises(Overflow):
        in_tiles(draft.model(draft.add("Tanh", x)), noise(3, 44, 36), Way(kept=np.float16, tile_room=TILES))


def test_large_values_within_half_precision_are_none() -> None:
    model, picture = loud(1e4, seen_again=False), noise(3, 44, 36)
    agree(model, picture, Way(kept=np.float16, tile_room=TILES))
    agree(loud(1e6), picture, Way(tile_room=TILES))


def test_the_result_comes_in_rows_while_the_last_sweep_runs() -> None:
    network = read(made(strided))
    plan = plan_in(network, Way(tile_room=TILES), 48, 40)
    bands: list[Array] = []
    picture = noise(3, 48, 40)
    run = SweepRunner(network, Programs(network, CHANNELS_LAST, open_part), plan, CHANNELS_LAST)
    steps = run.steps(lambda top, bottom: picture[:, :, top:bottom], bands.append, RunControl(CancelToken()))
    counts = [(planned.sweep.stop, len(bands)) for planned, _ in steps]
    assert all(bands_so_far == 0 for stop, bands_so_far in counts if stop < len(network.layers))
    assert [count for _, count in counts] == sorted(count for _, count in counts)
    assert len({count for _, count in counts}) > 2, "not all at the end"
    assert all(band.shape[3] == 40 for band in bands)
    assert sum(band.shape[2] for band in bands) == 48


def test_rows_are_asked_for_within_the_picture() -> None:
    network = read(made(strided))
    picture, asked = noise(3, 48, 40), list[tuple[int, int]]()
    plan = plan_in(network, Way(tile_room=BANDS), 48, 40)

    def rows(top: int, bottom: int) -> Array:
        asked.append((top, bottom))
        return picture[:, :, top:bottom]

    run = SweepRunner(network, Programs(network, CHANNELS_LAST, open_part), plan, CHANNELS_LAST)
    list(run.steps(rows, lambda band: None, RunControl(CancelToken())))
    assert min(top for top, _ in asked) == 0
    assert max(bottom for _, bottom in asked) == 48
    assert max(bottom - top for top, bottom in asked) < 48


def test_tiles_beside_each_other_are_cut_from_the_same_rows() -> None:
    """Which the caller converts to numbers each time that it is asked for them."""
    network = read(made(strided))
    picture, asked = noise(3, 96, 160), list[tuple[int, int]]()
    plan = plan_in(network, Way(tile_room=TILES), 96, 160)

    def rows(top: int, bottom: int) -> Array:
        asked.append((top, bottom))
        return picture[:, :, top:bottom]

    run = SweepRunner(network, Programs(network, CHANNELS_LAST, open_part), plan, CHANNELS_LAST)
    list(run.steps(rows, lambda band: None, RunControl(CancelToken())))
    begun = [area for planned in plan.sweeps for area in planned.areas if network.input in planned.task.loaded]
    assert len(asked) == len([area for area in begun if area.columns.start == 0]) < len(begun)


def test_a_run_that_is_given_up_leaves_no_file_open() -> None:
    network, layout, before = read(made(two_norms_of_one)), CHANNELS_LAST, open_files()
    picture = noise(3, 44, 36)
    plan = plan_in(network, Way(tile_room=TILES, in_file=True), 44, 36)
    run = SweepRunner(network, Programs(network, layout, open_part), plan, layout)
    steps = run.steps(lambda top, bottom: picture[:, :, top:bottom], lambda band: None, RunControl(CancelToken()))
    assert isinstance(steps, Generator)
    next(steps)
    assert open_files() > before
    steps.close()
    assert open_files() == before


def test_networks_of_one_architecture_share_sessions() -> None:
    """Of eight blocks, all but the ends do the same with other weights."""
    opened: list[bytes] = []

    def open_counted(model: bytes) -> OnnxruntimePart:
        opened.append(model)
        return open_part(model)

    draft, layout = Draft(), CHANNELS_LAST
    x = draft.conv(INPUT, 16)
    for _ in range(8):
        x = draft.relu(draft.norm(draft.conv(draft.pad(x, 1), 16), learned=False))
    network = read(draft.model(draft.conv(x, 3)))
    plan = plan_in(network, Way(tile_room=TILES), 44, 36)
    programs = Programs(network, layout, open_counted)
    for planned in plan.sweeps:
        programs.program(planned.sweep, plan.kept)
        programs.program(planned.sweep, plan.kept)
    assert len(plan.sweeps) == 9
    assert len(opened) == len(set(opened)) == 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_picture_of_one_colour_stays_finite(layout: str) -> None:
    """Its variance is 0."""
    picture = np.full((1, 3, 44, 36), 0.3, np.float32)
    agree(made(norm_last), picture, Way(tile_room=TILES, layout=LAYOUTS[layout]))
