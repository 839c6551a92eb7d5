"""What is kept between sweeps, in memory and in files."""

from __future__ import annotations

import gc
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.pieces.areas import Area
from server.engine.pieces.layout import CHANNELS_FIRST, CHANNELS_LAST, Layout
from server.engine.pieces.network import Size
from server.engine.pieces.spans import Span
from server.engine.pieces.store import FileBands, MemoryBands, Store
from tests.server.engine.pieces.running import Array, open_files

KINDS = [MemoryBands, FileBands]
LAYOUTS = [CHANNELS_LAST, CHANNELS_FIRST]
SIZE = Size(3, 29, 17)


def store(kind: type[Any], layout: Layout, dtype: Any = np.float32) -> Store:
    return Store(kind(), layout, np.dtype(dtype))


def area(top: int, bottom: int, left: int = 0, right: int = SIZE.width) -> Area:
    return Area(Span(top, bottom), Span(left, right))


def values(layout: Layout, part: Area, *, around: float = 0.0) -> Array:
    """One for each place in the whole, so that what is mixed up shows."""
    whole = np.arange(SIZE.values, dtype=np.float32).reshape(SIZE.channels, SIZE.height, SIZE.width) + around
    cut = whole[:, part.rows.start : part.rows.stop, part.columns.start : part.columns.stop]
    return cut[None] if layout is CHANNELS_FIRST else cut.transpose(1, 2, 0)[None]


def filled(kind: type[Any], layout: Layout, *, name: str = "layer", rows: int = 4, dtype: Any = np.float32) -> Store:
    kept = store(kind, layout, dtype)
    kept.open(name, SIZE, rows)
    whole = area(0, SIZE.height)
    kept.write(name, whole, values(layout, whole))
    return kept


@pytest.mark.parametrize("layout", LAYOUTS, ids=["last", "first"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_comes_back(kind: type[Any], layout: Layout) -> None:
    """In half precision too; the last band is not full."""
    kept = filled(kind, layout, dtype=np.float16)
    part = area(3, 29, 5, 11)
    found = kept.read("layer", part)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, values(layout, part).astype(np.float16))
    kept.close()


bounds = some.tuples(some.integers(0, 28), some.integers(0, 28)).map(lambda pair: (min(pair), max(pair) + 1))
sides = some.tuples(some.integers(0, 16), some.integers(0, 16)).map(lambda pair: (min(pair), max(pair) + 1))


@given(some.sampled_from(KINDS), some.sampled_from(LAYOUTS), some.integers(1, 40), bounds, sides, some.data())
@settings(max_examples=60, deadline=None)
def test_parts_of_rows_and_columns_come_back(
    kind: type[Any], layout: Layout, rows: int, top: tuple[int, int], left: tuple[int, int], data: some.DataObject
) -> None:
    """Written in tiles of any size, read across them."""
    kept = store(kind, layout)
    kept.open("layer", SIZE, rows)
    down, across = data.draw(some.integers(1, 29)), data.draw(some.integers(1, 17))
    for start in range(0, SIZE.height, down):
        for first in range(0, SIZE.width, across):
            tile = area(start, min(start + down, SIZE.height), first, min(first + across, SIZE.width))
            kept.write("layer", tile, values(layout, tile))
    part = area(*top, *left)
    np.testing.assert_array_equal(kept.read("layer", part), values(layout, part))
    kept.close()


@pytest.mark.parametrize("kind", KINDS)
def test_layers_do_not_mix(kind: type[Any]) -> None:
    kept = filled(kind, CHANNELS_LAST)
    whole = area(0, SIZE.height)
    kept.open("other", SIZE, 7)
    kept.write("other", whole, values(CHANNELS_LAST, whole, around=1e5))
    kept.drop("layer", 11)
    np.testing.assert_array_equal(kept.read("layer", area(11, 29)), values(CHANNELS_LAST, area(11, 29)))
    np.testing.assert_array_equal(kept.read("other", whole), values(CHANNELS_LAST, whole, around=1e5))
    kept.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_was_dropped_can_be_kept_again(kind: type[Any]) -> None:
    """Memory that served before holds nothing of it: what is written counts."""
    kept = filled(kind, CHANNELS_LAST)
    kept.drop("layer", 12)
    kept.drop("layer")
    kept.open("layer", SIZE, 4)
    whole = area(0, SIZE.height)
    kept.write("layer", whole, values(CHANNELS_LAST, whole, around=7))
    np.testing.assert_array_equal(kept.read("layer", whole), values(CHANNELS_LAST, whole, around=7))
    kept.close()


def mapped() -> int:
    """Bytes of this process's memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmSize:"):
            return int(line.split()[1]) << 10
    raise AssertionError


LARGE = Size(64, 512, 256)  # 32 MiB


def fill_large(kept: Store, name: str) -> None:
    kept.open(name, LARGE, 64)
    rows = np.ones((1, 64, 256, 64), np.float32)
    for top in range(0, LARGE.height, 64):
        kept.write(name, Area(Span(top, top + 64), Span(0, 256)), rows)


def test_memory_goes_back_to_the_system() -> None:
    kept, before = store(MemoryBands, CHANNELS_LAST), mapped()
    fill_large(kept, "layer")
    assert mapped() - before >= 32 << 20
    kept.drop("layer")
    kept.close()
    gc.collect()
    assert mapped() - before < 8 << 20


def test_dropped_rows_serve_for_the_next_layer() -> None:
    """Two layers in turn need no more than one and a band."""
    kept, before = store(MemoryBands, CHANNELS_LAST), mapped()
    fill_large(kept, "first")
    kept.open("second", LARGE, 64)
    rows = np.ones((1, 64, 256, 64), np.float32)
    for top in range(0, LARGE.height, 64):
        kept.write("second", Area(Span(top, top + 64), Span(0, 256)), rows)
        kept.drop("first", top + 64)
        assert mapped() - before < (32 + 3 * 4) << 20
    kept.close()


def test_files_are_closed_when_their_layer_goes(tmp_path: Path) -> None:
    before = open_files()
    kept = Store(FileBands(str(tmp_path)), CHANNELS_LAST, np.dtype(np.float32))
    for name in ("first", "second"):
        kept.open(name, SIZE, 4)
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
    kept = Store(FileBands(str(tmp_path)), CHANNELS_LAST, np.dtype(np.float32))
    kept.open("layer", SIZE, 4)
    with files_of_at_most(3000), pytest.raises(OSError):
        kept.write("layer", area(0, 29), values(CHANNELS_LAST, area(0, 29)))
    kept.close()
    assert open_files() == before
    assert not list(tmp_path.iterdir())
