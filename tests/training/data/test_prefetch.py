from __future__ import annotations

import threading

import pytest
import torch

from tests.training.factories import folder_of, noise
from training.data.batches import Crops, UnpairedBatches, Zoom
from training.data.prefetch import PrefetchedBatches

CPU = torch.device("cpu")


class Watched(UnpairedBatches):
    """Notes which draws were asked for, and by which thread."""

    drawn: list[tuple[int, str]]

    def draw(self, first: int, count: int) -> tuple[Crops, Crops]:
        self.__dict__.setdefault("drawn", []).append((first, threading.current_thread().name))
        return super().draw(first, count)


def watched(zoom: Zoom | None = None) -> Watched:
    source, target = (folder_of(*(noise(20, 24, seed=seed) for seed in seeds)) for seeds in ((0, 1, 2), (3, 4)))
    return Watched(source, target, crop_size=16, mirror=True, seed=0, zoom=zoom)


@pytest.mark.parametrize("zoom", [None, Zoom()])
def test_batches_are_those_that_would_be_drawn_without_a_thread(zoom: Zoom | None) -> None:
    prefetched = PrefetchedBatches(watched(zoom), CPU, stride=4)
    for first in (0, 4, 8, 8, 20, 24):  # in order, again, and after a jump
        for got, expected in zip(prefetched.draw(first, 2), watched(zoom).draw(first, 2), strict=True):
            assert torch.equal(got, expected.on(CPU))
            assert (got.shape, got.dtype) == ((2, 3, 16, 16), torch.float32)


def test_the_next_batch_is_drawn_once_and_by_another_thread() -> None:
    batches = watched()
    prefetched = PrefetchedBatches(batches, CPU, stride=4)
    for first in (0, 4, 8):
        prefetched.draw(first, 2)
    main = threading.current_thread().name
    assert [first for first, thread in batches.drawn if thread == main] == [0]
    assert [first for first, thread in batches.drawn if thread != main][:2] == [4, 8]


def test_an_error_while_preparing_reaches_who_asks_for_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = watched()
    prefetched = PrefetchedBatches(batches, CPU, stride=4)
    prefetched.draw(0, 2)
    monkeypatch.setattr(Watched, "draw", lambda *_: 1 / 0)
    prefetched.draw(4, 2)  # it was prepared before
    with pytest.raises(ZeroDivisionError):
        prefetched.draw(8, 2)


def test_the_thread_ends_with_its_batches() -> None:
    before = set(threading.enumerate())
    prefetched = PrefetchedBatches(watched(), CPU, stride=4)
    prefetched.draw(0, 2)
    (thread,) = set(threading.enumerate()) - before
    del prefetched
    thread.join(10)
    assert not thread.is_alive()


def test_mirroring_turns_the_marked_pictures_of_a_batch_alone() -> None:
    levels = torch.from_numpy(noise(8, 8))[None].repeat(2, 1, 1, 1)
    plain, mirrored = Crops(levels, torch.tensor([False, True])).on(CPU)
    assert torch.equal(plain.flip(2), mirrored)
    assert not torch.equal(plain, mirrored)
