"""A backend in numpy, slow and small, which shows all that a backend needs: this file, and its name in Provider."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from server.engine.backend import Settings
from server.engine.cancel import CancelToken, RunControl
from server.engine.failure import NetworkFault
from server.engine.feed import Feed
from server.engine.plan import Executor
from server.engine.provider import Provider
from server.engine.source import RowSource, TakeBand
from server.engine.whole import Whole

Array = NDArray[Any]

NAME = "numpy"
_BYTES_PER_PIXEL = 100
_LEAST_ROWS = 16


class Cancelled(Exception):
    """The token was cancelled between two operations."""


class NumpyBackend:
    """Computes on the CPU, in one thread."""

    name = NAME
    library = "numpy"
    version = np.__version__
    warning = None
    warm_up = ()

    def default_budget(self) -> int:
        return 1 << 30

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError)

    def open_for_trial(self, model: bytes, feed: Feed) -> NumpyNetwork:
        return self.open(model, feed)

    def open(self, model: bytes, feed: Feed) -> NumpyNetwork:
        """Raises NetworkFault for operations that it does not know."""
        return NumpyNetwork(onnx.load_model_from_string(model).graph, feed)


class NumpyNetwork:
    """Runs one operation after the other. Bands of rows are for networks whose pixels do not depend on each other."""

    name = NAME

    def __init__(self, graph: onnx.GraphProto, feed: Feed) -> None:
        unknown = {node.op_type for node in graph.node}.difference(_OPERATIONS)
        if unknown:
            raise NetworkFault(f"numpy has no {', '.join(sorted(unknown))}.")
        self._nodes = list(graph.node)
        self._weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self._feed = feed
        self.whole = Whole(self.run, feed, bytes_needed=_bytes_needed, takes_batches=feed.batches)
        by_pixel = all(node.op_type in ("Identity", "Neg") for node in self._nodes)
        self.executors: tuple[Executor, ...] = (Bands(self.whole), self.whole) if by_pixel else (self.whole,)

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError)

    def run(self, values: Array, control: RunControl) -> Array:
        known: dict[str, Array] = {**self._weights, self._feed.input: values}
        for node in self._nodes:
            if control.token.is_cancelled:
                raise Cancelled
            attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
            known[node.output[0]] = _OPERATIONS[node.op_type](*(known[name] for name in node.input), **attributes)
        return known[self._feed.output]


class Bands:
    """The executor for pictures that do not fit whole: a band of rows after the other."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> PlannedBands | None:
        rows = memory // (width * _BYTES_PER_PIXEL)
        return PlannedBands(self.whole, height, width, rows) if _LEAST_ROWS <= rows < height else None


@dataclass(frozen=True)
class PlannedBands:
    """Plan of Bands."""

    whole: Whole
    height: int
    width: int
    rows: int

    @property
    def pieces(self) -> int:
        return -(-self.height // self.rows)

    @property
    def memory_bytes(self) -> int:
        return self.rows * self.width * _BYTES_PER_PIXEL

    @property
    def takes_batches(self) -> bool:
        return False

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        (source,), (take,) = sources, takers
        for top in range(0, self.height, self.rows):
            bottom = min(top + self.rows, self.height)
            take(self.whole.compute(source.rows(top, bottom), token))
            yield bottom / self.height


def _bytes_needed(height: int, width: int) -> int:
    return height * width * _BYTES_PER_PIXEL


def open_backend(provider: Provider, settings: Settings) -> NumpyBackend:
    return NumpyBackend()


def _normalise(x: Array, scale: Array, shift: Array, epsilon: float = 1e-5) -> Array:
    deviation = np.sqrt(x.var(axis=(2, 3), keepdims=True) + np.float32(epsilon))
    normal: Array = (x - x.mean(axis=(2, 3), keepdims=True)) / deviation
    return normal * scale[:, None, None] + shift[:, None, None]


def _convolve(x: Array, weight: Array, pads: Sequence[int] = (0, 0, 0, 0)) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    seen = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(2, 3))
    result: Array = np.einsum("nchwyx,ocyx->nohw", seen, weight, optimize=True)
    return result


def _expand(x: Array, shape: Array) -> Array:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape))).copy()


def _reduce_mean(x: Array, axes: Array, keepdims: int = 1) -> Array:
    mean: Array = x.mean(axis=tuple(axes), keepdims=bool(keepdims))
    return mean


def _slice(x: Array, starts: Array, ends: Array, axes: Array) -> Array:
    wanted = [slice(None)] * x.ndim
    for start, end, axis in zip(starts, ends, axes, strict=True):
        wanted[axis] = slice(start, end)
    return x[tuple(wanted)]


_OPERATIONS: dict[str, Callable[..., Array]] = {
    "Conv": _convolve,
    "Expand": _expand,
    "Identity": lambda x: x,
    "InstanceNormalization": _normalise,
    "Neg": np.negative,
    "ReduceMean": _reduce_mean,
    "Slice": _slice,
    "Sub": np.subtract,
    "Tanh": np.tanh,
}
