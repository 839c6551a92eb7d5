"""What is kept between sweeps, in memory and in files."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area
from server.engine.tiled.file_store import FileStore
from server.engine.tiled.layer_store import LayerStore
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.tiled.memory_store import MemoryStore
from tests.server.engine.tiled.holding import LARGE, LAYOUTS
from tests.server.engine.tiled.running import open_files

KINDS = [MemoryStore, partial(MemoryStore, recycles=True), FileStore]
Kind = Callable[[Layout, np.dtype[Any]], LayerStore]

SIZE = Size(3, 29, 17)


def store(kind: Kind, layout: Layout, dtype: Any = np.float32) -> LayerStore:
    made: LayerStore = kind(layout, np.dtype(dtype))
    return made


def area(top: int, bottom: int, left: int = 0, right: int = SIZE.width) -> Area:
    return Area(Span(top, bottom), Span(left, right))


def values(layout: Layout, part: Area, *, around: float = 0.0) -> Array:
    """One for each place in the whole, so that what is mixed up shows."""
    whole = np.arange(SIZE.values, dtype=np.float32).reshape(SIZE.channels, SIZE.height, SIZE.width) + around
    cut = whole[:, part.rows.start : part.rows.stop, part.columns.start : part.columns.stop]
    return cut[None] if layout is CHANNELS_FIRST else cut.transpose(1, 2, 0)[None]


def filled(kind: Kind, layout: Layout, *, name: str = "layer", dtype: Any = np.float32) -> LayerStore:
    kept = store(kind, layout, dtype)
    kept.open(name, SIZE)
    whole = area(0, SIZE.height)
    kept.write(name, whole, values(layout, whole))
    return kept


@pytest.mark.parametrize("layout", LAYOUTS, ids=["last", "first"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_comes_back(kind: Kind, layout: Layout) -> None:
    """In half precision too; the last band is not full."""
    kept = filled(kind, layout, dtype=np.float16)
    part = area(3, 29, 5, 11)
    found = kept.read("layer", part)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, values(layout, part).astype(np.float16))
    kept.close()


bounds = some.tuples(some.integers(0, 28), some.integers(0, 28)).map(lambda pair: (min(pair), max(pair) + 1))
sides = some.tuples(some.integers(0, 16), some.integers(0, 16)).map(lambda pair: (min(pair), max(pair) + 1))


@given(some.sampled_from(KINDS), some.sampled_from(LAYOUTS), bounds, sides, some.data())
@settings(max_examples=60, deadline=None)
def test_parts_of_rows_and_columns_come_back(
    kind: Kind, layout: Layout, top: tuple[int, int], left: tuple[int, int], data: some.DataObject
) -> None:
    """Written in tiles of any size, read across them."""
    kept = store(kind, layout)
    kept.open("layer", SIZE)
    down, across = data.draw(some.integers(1, 29)), data.draw(some.integers(1, 17))
    for start in range(0, SIZE.height, down):
        for first in range(0, SIZE.width, across):
            tile = area(start, min(start + down, SIZE.height), first, min(first + across, SIZE.width))
            kept.write("layer", tile, values(layout, tile))
    part = area(*top, *left)
    np.testing.assert_array_equal(kept.read("layer", part), values(layout, part))
    kept.close()


@pytest.mark.parametrize("kind", KINDS)
def test_layers_do_not_mix(kind: Kind) -> None:
    kept = filled(kind, CHANNELS_LAST)
    whole = area(0, SIZE.height)
    kept.open("other", SIZE)
    kept.write("other", whole, values(CHANNELS_LAST, whole, around=1e5))
    kept.drop("layer", 11)
    np.testing.assert_array_equal(kept.read("layer", area(11, 29)), values(CHANNELS_LAST, area(11, 29)))
    np.testing.assert_array_equal(kept.read("other", whole), values(CHANNELS_LAST, whole, around=1e5))
    kept.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_was_dropped_can_be_kept_again(kind: Kind) -> None:
    """Memory that served before holds nothing of it: what is written counts."""
    kept = filled(kind, CHANNELS_LAST)
    kept.drop("layer", 12)
    kept.drop("layer")
    kept.open("layer", SIZE)
    whole = area(0, SIZE.height)
    kept.write("layer", whole, values(CHANNELS_LAST, whole, around=7))
    np.testing.assert_array_equal(kept.read("layer", whole), values(CHANNELS_LAST, whole, around=7))
    kept.close()


def test_what_goes_serves_for_what_comes() -> None:
    kept, addresses = store(MemoryStore, CHANNELS_LAST), dict[str, set[int]]()
    for name in ("first", "second"):
        kept.open(name, LARGE)
        for top in range(0, LARGE.height, 8):
            place = kept.writable_view(name, Area(Span(top, top + 8), Span(0, LARGE.width)))
            assert place is not None
            place[...] = 1
            addresses.setdefault(name, set()).add(place.ctypes.data)
            if name == "second":
                kept.drop("first", top + 8)
    assert len(addresses["second"] - addresses["first"]) <= 1
    assert len(addresses["second"]) == 64
    kept.close()


@pytest.mark.parametrize("layout", LAYOUTS, ids=["last", "first"])
def test_only_what_lies_in_one_run_of_memory_has_a_place(layout: Layout) -> None:
    kept = store(partial(MemoryStore, recycles=True), layout)
    kept.open("layer", SIZE)
    assert kept.writable_view("layer", area(3, 9, 0, 5)) is None
    place = (
        kept.writable_view("layer", area(3, 9))
        if layout is CHANNELS_LAST
        else kept.writable_view("layer", area(0, SIZE.height))
    )
    assert place is not None
    place[...] = 7
    assert (kept.read("layer", area(4, 6)) == 7).all()
    kept.close()


def test_lack_of_memory_is_told_as_such() -> None:
    """So that the picture is planned again with less."""
    kept = store(partial(MemoryStore, recycles=True), CHANNELS_LAST)
    kept.open("layer", Size(1024, 1 << 20, 1 << 20))
    with pytest.raises(MemoryError):
        kept.writable_view("layer", area(0, 1))
    kept.close()


def test_files_are_closed_when_their_layer_goes(tmp_path: Path) -> None:
    before = open_files()
    kept = FileStore(CHANNELS_LAST, np.dtype(np.float32), str(tmp_path))
    for name in ("first", "second"):
        kept.open(name, SIZE)
        kept.write(name, area(0, 29), values(CHANNELS_LAST, area(0, 29)))
    assert open_files() == before + 2
    kept.drop("first")
    assert open_files() == before + 1
    kept.close()
    assert open_files() == before
    assert not list(tmp_path.iterdir())


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a full disk: the system refuses to write more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    before = open_files()
    kept = FileStore(CHANNELS_LAST, np.dtype(np.float32), str(tmp_path))
    kept.open("layer", SIZE)
    with files_of_at_most(3000), pytest.raises(OSError):
        kept.write("layer", area(0, 29), values(CHANNELS_LAST, area(0, 29)))
    kept.close()
    assert open_files() == before
    assert not list(tmp_path.iterdir())
