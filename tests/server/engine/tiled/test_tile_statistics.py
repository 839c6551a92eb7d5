"""A tile's statistics in onnxruntime, against float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray
from onnx import TensorProto

from server.engine.cancel import CancelToken, RunControl
from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.tiled.programs import Program
from server.engine.tiled.tile_graph import TileGraphBuilder
from server.engine.tiled.tile_statistics import add_statistics, groups
from tests.server.engine.tiled.running import open_part

CHANNELS = 3
LAYOUTS = {"last": CHANNELS_LAST, "first": CHANNELS_FIRST}
SIZES = [(1, 1), (1, 60), (61, 61), (127, 131), (8, 8191), (1200, 1200)]

Field = NDArray[np.float64]


def noise(rows: Field, columns: Field) -> Field:
    return np.random.default_rng(0).standard_normal(np.broadcast_shapes(rows.shape, columns.shape))


def uniform(rows: Field, columns: Field) -> Field:
    return np.asarray(0 * rows * columns)


def checkerboard(rows: Field, columns: Field) -> Field:
    return np.asarray((rows + columns) % 2)


def corner(rows: Field, columns: Field) -> Field:
    return np.asarray((rows == 0) & (columns == 0), np.float64)


def pixel(rows: Field, columns: Field) -> Field:
    return np.asarray((rows == rows.max() // 2) & (columns == columns.max() // 3), np.float64)


def edge(rows: Field, columns: Field) -> Field:
    return np.asarray((rows == 0) + 0 * columns)


def stripes(rows: Field, columns: Field) -> Field:
    return np.asarray((columns % 61 == 0) + 0 * rows)


def slope(rows: Field, columns: Field) -> Field:
    return np.asarray(rows / (rows.max() + 1) + columns / (columns.max() + 1))


FIELDS: tuple[Callable[[Field, Field], Field], ...] = (
    noise,
    uniform,
    checkerboard,
    corner,
    pixel,
    edge,
    stripes,
    slope,
)


def planes(field: Callable[[Field, Field], Field], height: int, width: int, mean: float) -> NDArray[np.float32]:
    """1 x C x H x W: the field with a deviation of 1 and this mean, its negative, and twice of it."""
    rows, columns = np.arange(height, dtype=float)[:, None], np.arange(width, dtype=float)[None, :]
    made = field(rows, columns)
    made = (made - made.mean()) / (made.std() or 1) + mean
    return np.stack([made, -made, 2 * made])[None].astype(np.float32)


@cache
def program(layout: Layout) -> Program:
    graph = TileGraphBuilder(layout)
    value = graph.given("value", TensorProto.FLOAT, layout.shape(CHANNELS, -1, -1))
    for name, found in zip(("mean", "square"), add_statistics(graph, value, CHANNELS, _pixels), strict=True):
        graph.result(name, found, TensorProto.DOUBLE, (CHANNELS,))
    return Program(graph.graph(), open_part(graph.graph().model))


def _pixels(tile: Tile) -> int:
    return tile.asked["value"].pixels


def measured(values: NDArray[np.float32], layout: Layout) -> tuple[Array, Array]:
    height, width = values.shape[2:]
    area = {"value": Area(Span(0, height), Span(0, width))}
    tile = Tile({"value": Size(CHANNELS, height, width)}, area, area)
    given = values if layout is CHANNELS_FIRST else np.ascontiguousarray(values.transpose(0, 2, 3, 1))
    found = program(layout).run(tile, {"value": given}, {}, RunControl(CancelToken()))
    return found["mean"], found["square"]


def check(values: NDArray[np.float32], layout: Layout) -> None:
    """That the mean is right to float32's digits or 1e-5 of the deviation, and the variance to 1e-5."""
    exact = values.astype(np.float64)
    mean, variance = exact.mean((0, 2, 3)), exact.var((0, 2, 3))
    found, square = measured(values, layout)
    np.testing.assert_allclose(found, mean, rtol=1e-7, atol=1e-5 * np.sqrt(variance).max())
    np.testing.assert_allclose(square, variance, rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mean", [0, 1, -1000])
@pytest.mark.parametrize("size", SIZES[:-1], ids=lambda size: f"{size[0]} x {size[1]}")
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.__name__)
def test_a_mean_of_many_deviations_costs_no_digits(
    field: Callable[[Field, Field], Field], size: tuple[int, int], mean: float, layout: str
) -> None:
    check(planes(field, *size, mean), LAYOUTS[layout])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.__name__)
def test_nor_do_many_pixels(field: Callable[[Field, Field], Field], layout: str) -> None:
    check(planes(field, *SIZES[-1], 1000), LAYOUTS[layout])


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("field", [noise, corner, slope], ids=lambda field: field.__name__)
def test_nor_do_those_of_the_largest_pieces(field: Callable[[Field, Field], Field], layout: str) -> None:
    check(planes(field, 2500, 8192, 1000), LAYOUTS[layout])


@given(some.data(), some.sampled_from(FIELDS), some.sampled_from(list(LAYOUTS.values())))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_plane_is_measured_to_the_last_digits(
    data: some.DataObject, field: Callable[[Field, Field], Field], layout: Layout
) -> None:
    height, width = (data.draw(some.integers(1, 300), name) for name in ("height", "width"))
    check(planes(field, height, width, data.draw(some.floats(-1000, 1000), "mean")), layout)


@pytest.mark.parametrize("layout", LAYOUTS.values())
@pytest.mark.parametrize("value", [0.1, 250.3, -3e6])
def test_a_constant_plane_is_exactly_that(value: float, layout: Layout) -> None:
    found, square = measured(np.full((1, CHANNELS, 97, 211), value, np.float32), layout)
    np.testing.assert_array_equal(found, np.float32(value))
    np.testing.assert_array_equal(square, 0)


@pytest.mark.parametrize("count", [1, 2, 61, 127, 128, 8191, 600 * 600, 61 * 1031, 4096 * 1024, 8192 * 8192])
def test_groups_are_of_all_values_and_small_where_that_can_be(count: int) -> None:
    groups_, neighbours = groups(count)
    assert groups_ * neighbours == count
    assert min(count, 8) <= neighbours <= 128 or neighbours == count == 8191
