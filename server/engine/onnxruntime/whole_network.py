"""A network that onnxruntime computes at once, and how much memory that takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.feed import Feed
from server.engine.footprint.arena import Arena
from server.engine.footprint.footprint import Footprint
from server.engine.heap import separate_blocks
from server.engine.onnxruntime.arena import give_back
from server.engine.onnxruntime.run_options import run_options
from server.engine.onnxruntime.sessions import Sessions
from server.engine.whole import KEPT_PIXELS, RunNetwork, Whole

# Measured: what may be taken beyond what is foreseen, and what remains of runs before, of libraries and of rounding.
_ARENA = 1.1
_REST = 2 << 20
_GPU_ARENA = 2.0
# Without an arena nothing is lost but the ends of pages.
_PAGES = 1.05
# While a session is loaded: the network as it was sent, as onnxruntime reads it, and as its kernels want it.
_LOADED = 3


def open_whole(model: bytes, feed: Feed, sessions: Sessions, run: RunNetwork, *, takes_batches: bool) -> Whole:
    """On the CPU by ``run`` or, where memory is short, in a way that takes longer; on a GPU by ``run`` alone."""
    needs = _Needs(lambda: sessions.as_run(model), feed)
    if not sessions.on_cpu:
        return Whole(run, feed, bytes_needed=needs.on_gpu, takes_batches=takes_batches)

    def fast(values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        if values.size > KEPT_PIXELS * 3:
            give_back()  # what smaller pictures left there counts too
        if not control.frees_memory:
            return run(values, control)
        try:
            return np.array(run(values, control))  # onnxruntime's own lies in what is to be given back
        finally:
            give_back()

    def frugal(values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        give_back()
        with separate_blocks():
            session = sessions.open_frugal(model)
            with run_options(session, RunControl(control.token)) as options:
                answers: list[NDArray[Any]] = session.run([feed.output], {feed.input: values}, options)
            return answers[0]

    short = Whole(frugal, feed, bytes_needed=needs.without_arena, takes_batches=False)
    return Whole(fast, feed, bytes_needed=needs.with_arena, takes_batches=takes_batches, frugal=short)


@dataclass(frozen=True)
class _Run:
    """Bytes: what is ``alive`` at a time, and what the ``arena`` takes from the system for that, with the picture."""

    alive: int
    arena: int


class _Needs:
    """Of one model, read when somebody asks."""

    def __init__(self, model: Callable[[], bytes], feed: Feed) -> None:
        self._read = _Once(model)
        # Not a method of ours: the cache would hold us, and we the cache, until Python looks for such circles.
        self._needs = lru_cache(64)(partial(_run_of, self._read, feed))

    def with_arena(self, height: int, width: int) -> int:
        """The bytes that a run takes on the CPU."""
        return int(self._needs(height, width).arena * _ARENA) + _REST

    def without_arena(self, height: int, width: int) -> int:
        """The same without an arena, with a session of its own."""
        return int(self._needs(height, width).alive * _PAGES) + _REST + self._read.footprint.weight_bytes * _LOADED

    def on_gpu(self, height: int, width: int) -> int:
        """The bytes that a run takes on a GPU."""
        return int(self._needs(height, width).alive * _GPU_ARENA)


class _Once:
    def __init__(self, model: Callable[[], bytes]) -> None:
        self._model = model

    @cached_property
    def footprint(self) -> Footprint:
        return Footprint(self._model())


def _run_of(read: _Once, feed: Feed, height: int, width: int) -> _Run:
    network, channels = read.footprint, int(feed.channels)
    shape = (height, width, channels) if feed.channels_last else (channels, height, width)
    picture, arena = network.picture(feed.input, (1, *shape)), Arena()
    alive = network.run({feed.input: picture}, arena)
    return _Run(alive + picture.bytes, arena.taken + picture.bytes)
