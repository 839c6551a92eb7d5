"""What is kept between sweeps, in memory and in files."""

from __future__ import annotations

import gc
import mmap
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.heap import trim
from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area
from server.engine.tiled.file_store import FileStore
from server.engine.tiled.layer_store import LayerStore
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.tiled.memory_store import MemoryStore
from tests.server.engine.tiled.running import open_files

KINDS = [MemoryStore, partial(MemoryStore, recycles=True), FileStore]
Kind = Callable[[Layout, np.dtype[Any]], LayerStore]
LAYOUTS = [CHANNELS_LAST, CHANNELS_FIRST]
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


def held() -> int:
    """Bytes of the system's memory that this process has for its data: files that are mapped, such as libraries, come
    and go as the system likes, and the C library keeps some of what was freed."""
    gc.collect()
    trim()
    resident, shared = map(int, Path("/proc/self/statm").read_text().split()[1:3])
    return (resident - shared) * mmap.PAGESIZE


LARGE = Size(64, 512, 256)  # 32 MiB


def fill_large(kept: LayerStore, name: str, layout: Layout, *, dropping: str | None = None) -> int:
    """Writes it band by band, and drops as much of another. Returns the most that was held."""
    kept.open(name, LARGE)
    rows, most = np.ones(layout.shape(64, 64, 256), np.float32), 0
    for top in range(0, LARGE.height, 64):
        kept.write(name, Area(Span(top, top + 64), Span(0, 256)), rows)
        if dropping:
            kept.drop(dropping, top + 64)
        most = max(most, held())
    return most


@pytest.fixture(scope="module")
def alone() -> Iterator[Executor]:
    """A process in which nobody else takes or frees memory: here threads and garbage of other tests do."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        yield process


def held_after_others(number: int) -> list[int]:
    """What a layer takes, what is held once a part of it gave way to a small one, and once all of it did. The layout is
    told by its number, for a copy would be another one."""
    layout = LAYOUTS[number]
    kept, before = store(MemoryStore, layout), held()
    taken = [fill_large(kept, "layer", layout) - before]
    for name, top in (("small", 256), ("other", None)):
        kept.drop("layer", top)
        kept.open(name, SIZE)
        kept.write(name, area(0, SIZE.height), values(layout, area(0, SIZE.height)))
        taken.append(held() - before)
    kept.close()
    return taken


@pytest.mark.parametrize("number", range(len(LAYOUTS)), ids=["last", "first"])
def test_memory_goes_back_to_the_system(number: int, alone: Executor) -> None:
    """As soon as it is known not to serve for what comes next."""
    whole, half, nothing = alone.submit(held_after_others, number).result()
    assert whole >= 30 << 20
    assert half < 24 << 20
    assert nothing < 8 << 20


def held_after_all() -> int:
    kept, before = store(MemoryStore, CHANNELS_LAST), held()
    fill_large(kept, "layer", CHANNELS_LAST)
    kept.drop("layer")
    kept.close()
    return held() - before


def test_memory_goes_back_when_all_is_done(alone: Executor) -> None:
    assert alone.submit(held_after_all).result() < 8 << 20


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


def most_for_two(number: int) -> int:
    """While the second comes band by band, and the first goes."""
    layout = LAYOUTS[number]
    kept, before = store(MemoryStore, layout), held()
    fill_large(kept, "first", layout)
    most = fill_large(kept, "second", layout, dropping="first") - before
    kept.close()
    return most


@pytest.mark.parametrize("number", range(len(LAYOUTS)), ids=["last", "first"])
def test_one_layer_comes_as_another_goes(number: int, alone: Executor) -> None:
    """Two in turn need little more memory than one."""
    assert alone.submit(most_for_two, number).result() < 45 << 20


def held_when_recycled() -> tuple[int, int]:
    """The most for two in turn, and what is held after all."""
    kept, before = store(partial(MemoryStore, recycles=True), CHANNELS_LAST), held()
    fill_large(kept, "first", CHANNELS_LAST)
    kept.drop("first")
    most = fill_large(kept, "second", CHANNELS_LAST) - before
    kept.drop("second")
    kept.close()
    return most, held() - before


def test_recycled_memory_serves_for_the_next_layer_of_its_size(alone: Executor) -> None:
    most, after = alone.submit(held_when_recycled).result()
    assert most < 45 << 20
    assert after < 8 << 20


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
