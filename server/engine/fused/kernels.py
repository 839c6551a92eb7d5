"""The kernels' arguments, as kernels.cu declares them, and how they are launched."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_float, c_int, c_longlong, c_void_p
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from server.engine.fused.compiler import compile_program
from server.engine.fused.cuda_driver import Gpu
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.steps import FusedView, Growth, Taps
from server.engine.network.network import Size
from server.engine.network.operations import Pad

Launch = Callable[[], None]
"""Says that something shall happen on the GPU."""

# What sums a channel: at most so many blocks, each with a pair of float32.
MOST_BLOCKS = 1024
_LEAST_PIXELS = 64  # for each
PAIR_BYTES = 8

_STATISTICS_THREADS = 128
_THREADS = 256
_BYTES_AT_ONCE = 16

_BORDERS = {"constant": 1, "reflect": 2, "edge": 3}

_OTHERS = ("statistics", "receive_planes", "receive_bytes", "deliver_planes", "deliver_bytes")

# How many rows a thread computes, by the kernel's name.
_ROWS = {"same": 4, "taps": 1, "smooth": 1, "nearest": 4}


@dataclass(frozen=True)
class StoredPicture:
    """A picture in the GPU's memory, channels last: it begins with pixel ``first`` of what lies at ``address``, whose
    rows are ``pitch`` pixels wide."""

    address: int
    pitch: int
    first: int = 0


@dataclass(frozen=True)
class Norm:
    """Addresses of one float32 for each channel."""

    factor: int
    offset: int


@dataclass(frozen=True)
class BoundView:
    """A view with what it needs: ``size`` is the source's, ``sampled`` that without the outer border, ``width`` with
    it, and ``taps`` the address of the taps' weights."""

    view: FusedView
    source: StoredPicture
    residual: StoredPicture | None
    norm: Norm | None
    size: Size
    sampled: Size
    width: int
    taps: int


@dataclass(frozen=True)
class Measurement:
    """One norm of a picture of so many ``pixels``, in bands. ``sums`` is the address of room for MOST_BLOCKS pairs of
    float32 for each channel, ``first`` that of any one pixel's values."""

    norm: Norm
    sums: int
    first: int
    channels: int
    pixels: int
    bands: int

    @property
    def blocks(self) -> int:
        """For each band."""
        return max(min(self.pixels // self.bands // _LEAST_PIXELS, MOST_BLOCKS // self.bands), 1)


class _View(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("first", c_longlong), ("pitch", c_longlong))


def _ints(*names: str) -> list[tuple[str, type[c_int]]]:
    return [(name, c_int) for name in names]


class _Glue(ctypes.Structure):
    _fields_ = (
        ("out", c_void_p),
        ("source", _View),
        ("residual", _View),
        ("factor", c_void_p),
        ("offset", c_void_p),
        ("taps", c_void_p),
        ("first_row", c_longlong),
        *_ints("channels", "height", "width", "sampled_height", "sampled_width", "out_width", "rows"),
        *_ints("inner_border", "inner_top", "inner_left"),
        ("inner_value", c_float),
        *_ints("outer_border", "outer_top", "outer_left"),
        ("outer_value", c_float),
        ("activation", c_int),
        ("slope", c_float),
        *_ints("kernel_height", "kernel_width", "stride_height", "stride_width"),
    )


class Kernels:
    """Compiled for one GPU and one type of values, np.float32 or np.float16. Raises CompilerError and CudaError."""

    def __init__(self, gpu: Gpu, element: type[np.generic]) -> None:
        self._gpu = gpu
        self.itemsize = np.dtype(element).itemsize
        source = files(__package__).joinpath("kernels.cu").read_text("utf-8")
        halves = ["-DHALF"] if element is np.float16 else []
        module = compile_program(source, [f"--gpu-architecture={gpu.architecture}", *halves])
        names = [f"{name}_{how}" for name in (*_ROWS, "sums") for how in ("wide", "narrow")]
        self._kernels = gpu.kernels(module, (*names, *_OTHERS))

    def store(self, seen: BoundView, out: int, *, first_row: int, rows: int) -> Launch:
        """These rows of what is seen, to an address."""
        view, channels = seen.view, seen.size.channels
        inner, outer = _border(view.inner), _border(view.outer)
        kind, kernel, strides = _sampling(view.sampling)
        given = _Glue(
            out,
            _view(seen.source),
            _view(seen.residual),
            seen.norm.factor if seen.norm else None,
            seen.norm.offset if seen.norm else None,
            seen.taps,
            first_row,
            channels,
            seen.size.height,
            seen.size.width,
            seen.sampled.height,
            seen.sampled.width,
            seen.width,
            rows,
            *inner,
            *outer,
            int(view.activation),
            view.slope,
            *kernel,
            *strides,
        )
        at_once, name = self._at_once(channels)
        grid = (_blocks(seen.width * (channels // at_once), _THREADS), _blocks(rows, _ROWS[kind]))
        return self._launch(f"{kind}_{name}", grid, _THREADS, given)

    def copy(self, source: int, to: int, count: int) -> Launch:
        """So many values from an address to another."""
        return lambda: self._gpu.copy_within(source, to, count * self.itemsize)

    def sum(self, source: int, pixels: int, measurement: Measurement, band: int) -> Launch:
        """The sums over a band, of so many pixels from an address on."""
        at_once, name = self._at_once(measurement.channels)
        grid = (measurement.blocks, _blocks(measurement.channels // at_once, _THREADS))
        read, first = c_void_p(source), c_void_p(measurement.first)
        sums = c_void_p(measurement.sums + band * measurement.blocks * measurement.channels * PAIR_BYTES)
        counts = (c_longlong(pixels), c_int(measurement.channels))
        return self._launch(f"sums_{name}", grid, _THREADS, read, first, *counts, sums)

    def finish(self, measurement: Measurement, *, scale: int, shift: int, epsilon: float) -> Launch:
        """After the sums over all bands."""
        norm, channels = measurement.norm, measurement.channels
        addresses = (measurement.first, measurement.sums, scale, shift, norm.factor, norm.offset)
        first, sums, scale_, shift_, factor, offset = map(c_void_p, addresses)
        counts = (c_int(measurement.blocks * measurement.bands), c_longlong(measurement.pixels), c_int(channels))
        given = (first, sums, *counts, scale_, shift_, c_float(epsilon), factor, offset)
        return self._launch("statistics", (channels, 1), _STATISTICS_THREADS, *given)

    def receive(self, layout: PictureLayout, given: int, out: int, is_wrong: int) -> Launch:
        """A picture of this layout from an address. ``is_wrong`` is that of an int32, which becomes 0."""
        source, to, wrong = (c_void_p(address) for address in (given, out, is_wrong))
        pixels, samples = c_longlong(layout.pixels), c_int(layout.samples)
        if layout.places is None:
            grid = (_blocks(layout.pixels * layout.samples, _THREADS), 1)
            return self._launch("receive_planes", grid, _THREADS, source, to, pixels, samples, wrong)
        places = map(c_int, layout.places)
        grid = (_blocks(layout.pixels, _THREADS), 1)
        return self._launch("receive_bytes", grid, _THREADS, source, to, pixels, samples, *places, wrong)

    def deliver(self, seen: BoundView, layout: PictureLayout, out: int, is_wrong: int) -> Launch:
        """The same to an address; ``is_wrong`` becomes 1 for values that are not finite."""
        size, norm = seen.size, seen.norm
        pointers = [c_void_p(address) for address in ((norm.factor, norm.offset) if norm else (None, None))]
        activation = (c_int(seen.view.activation), c_float(seen.view.slope))
        shape = (c_void_p(out), c_longlong(size.pixels), c_int(size.width), c_int(size.channels), c_void_p(is_wrong))
        given = (_view(seen.source), *pointers, *activation, *shape)
        grid = (_blocks(size.values, _THREADS), 1)
        if layout.places is None:
            return self._launch("deliver_planes", grid, _THREADS, *given)
        return self._launch("deliver_bytes", grid, _THREADS, *given, c_int(layout.samples), *map(c_int, layout.places))

    def _at_once(self, channels: int) -> tuple[int, str]:
        """How many channels a thread takes, and the kernels' name for that."""
        most = _BYTES_AT_ONCE // self.itemsize
        return (most, "wide") if channels % most == 0 else (1, "narrow")

    def _launch(self, name: str, grid: tuple[int, int], threads: int, *arguments: Any) -> Launch:
        kernel = self._kernels[name]
        return lambda: kernel.launch(grid, threads, arguments)


def _blocks(count: int, each: int) -> int:
    return -(-count // each)


def _view(stored: StoredPicture | None) -> _View:
    return _View(None, 0, 0) if stored is None else _View(stored.address, stored.first, stored.pitch)


def _border(pad: Pad | None) -> tuple[int, int, int, float]:
    if pad is None:
        return 0, 0, 0, 0.0
    rows, columns = pad.axes
    return _BORDERS[pad.mode], rows.before, columns.before, pad.value


def _sampling(sampling: Taps | Growth | None) -> tuple[str, tuple[int, int], tuple[int, int]]:
    """The kernel's name, the taps' height and width, and the steps (how many times as large) in both directions."""
    match sampling:
        case Taps():
            height, width = sampling.weights.shape
            return "taps", (height, width), sampling.strides
        case Growth():
            return "smooth" if sampling.is_smooth else "nearest", (0, 0), sampling.factors
    return "same", (0, 0), (1, 1)
