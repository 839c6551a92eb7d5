"""The kernels, compiled for one GPU, and what each of their launches computes."""

from __future__ import annotations

from ctypes import c_float, c_int, c_longlong, c_void_p
from typing import Any

import numpy as np

from server.engine.fused.compiler import compile_program
from server.engine.fused.cuda_driver import Gpu, Launch
from server.engine.fused.kernel_arguments import glue_argument, view_argument
from server.engine.fused.kernel_operands import PART_BYTES, BoundView, Measurement
from server.engine.fused.kernel_source import kernel_source
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.steps import Taps, Upsampling

_STATISTICS_THREADS = 128
_THREADS = 256
_BYTES_AT_ONCE = 16

_OTHERS = ("statistics", "receive_planes", "receive_bytes", "deliver_planes", "deliver_bytes")

# How many rows a thread of each kernel that samples computes.
_ROWS = {"same": 4, "taps": 1, "smooth": 1, "nearest": 4}


class Kernels:
    """Kernels for one GPU and one type of values, np.float32 or np.float16. Each method returns the launch of one of
    them. Making them raises CompilerError and CudaError."""

    def __init__(self, gpu: Gpu, element: type[np.generic]) -> None:
        self._gpu = gpu
        self.itemsize = np.dtype(element).itemsize
        halves = ["-DHALF"] if element is np.float16 else []
        module = compile_program(kernel_source(), [f"--gpu-architecture={gpu.architecture}", *halves])
        names = [f"{name}_{how}" for name in (*_ROWS, "sums") for how in ("wide", "narrow")]
        self._kernels = gpu.kernels(module, (*names, *_OTHERS))

    def materialise(self, seen: BoundView, out: int, *, first_row: int, rows: int) -> Launch:
        """Stores ``rows`` rows of what the view shows, from ``first_row`` on, at the address ``out``."""
        kind, (at_once, name) = _sampling_kernel(seen.view.sampling), self._at_once(seen.size.channels)
        grid = (_blocks(seen.width * (seen.size.channels // at_once), _THREADS), _blocks(rows, _ROWS[kind]))
        given = glue_argument(seen, out, first_row=first_row, rows=rows)
        return self._launch(f"{kind}_{name}", grid, _THREADS, given)

    def sum(self, source: int, pixels: int, measurement: Measurement, band: int) -> Launch:
        """Measures ``pixels`` pixels from the address ``source`` on, which are the band with this number."""
        at_once, name = self._at_once(measurement.channels)
        grid = (measurement.blocks, _blocks(measurement.channels // at_once, _THREADS))
        parts = c_void_p(measurement.parts + band * measurement.blocks * measurement.channels * PART_BYTES)
        counts = (c_longlong(pixels), c_int(measurement.channels))
        return self._launch(f"sums_{name}", grid, _THREADS, c_void_p(source), *counts, parts)

    def finish(self, measurement: Measurement, *, scale: int, shift: int, epsilon: float) -> Launch:
        """Computes the norm's factor and offset from the parts of all bands; ``scale`` and ``shift`` are addresses."""
        norm, channels = measurement.norm, measurement.channels
        addresses = (measurement.parts, scale, shift, norm.factor, norm.offset)
        parts, scale_, shift_, factor, offset = map(c_void_p, addresses)
        counts = (c_int(measurement.blocks * measurement.bands), c_int(channels))
        given = (parts, *counts, scale_, shift_, c_float(epsilon), factor, offset)
        return self._launch("statistics", (channels, 1), _STATISTICS_THREADS, *given)

    def receive(self, layout: PictureLayout, given: int, out: int, is_wrong: int) -> Launch:
        """Converts a picture of this layout at the address ``given`` to the network's values at ``out``. The int32 at
        the address ``is_wrong`` becomes 0."""
        source, to, wrong = (c_void_p(address) for address in (given, out, is_wrong))
        pixels, samples = c_longlong(layout.pixels), c_int(layout.samples)
        if layout.places is None:
            grid = (_blocks(layout.pixels * layout.samples, _THREADS), 1)
            return self._launch("receive_planes", grid, _THREADS, source, to, pixels, samples, wrong)
        places = map(c_int, layout.places)
        grid = (_blocks(layout.pixels, _THREADS), 1)
        return self._launch("receive_bytes", grid, _THREADS, source, to, pixels, samples, *places, wrong)

    def deliver(self, seen: BoundView, layout: PictureLayout, out: int, is_wrong: int) -> Launch:
        """Converts what the view shows to a picture of this layout at the address ``out``. The int32 at the address
        ``is_wrong`` becomes 1 if a value is not finite."""
        size, norm = seen.size, seen.norm
        pointers = [c_void_p(address) for address in ((norm.factor, norm.offset) if norm else (None, None))]
        activation = (c_int(seen.view.activation), c_float(seen.view.slope))
        shape = (c_void_p(out), c_longlong(size.pixels), c_int(size.width), c_int(size.channels), c_void_p(is_wrong))
        given = (view_argument(seen.source), *pointers, *activation, *shape)
        grid = (_blocks(size.values, _THREADS), 1)
        if layout.places is None:
            return self._launch("deliver_planes", grid, _THREADS, *given)
        return self._launch("deliver_bytes", grid, _THREADS, *given, c_int(layout.samples), *map(c_int, layout.places))

    def _at_once(self, channels: int) -> tuple[int, str]:
        """How many channels a thread computes at once, and the end of the kernels' names for that."""
        most = _BYTES_AT_ONCE // self.itemsize
        return (most, "wide") if channels % most == 0 else (1, "narrow")

    def _launch(self, name: str, grid: tuple[int, int], threads: int, *arguments: Any) -> Launch:
        kernel = self._kernels[name]
        return lambda: kernel.launch(grid, threads, arguments)


def _blocks(count: int, each: int) -> int:
    return -(-count // each)


def _sampling_kernel(sampling: Taps | Upsampling | None) -> str:
    """The beginning of the name of the kernel that samples so."""
    match sampling:
        case Taps():
            return "taps"
        case Upsampling():
            return "smooth" if sampling.is_smooth else "nearest"
    return "same"
