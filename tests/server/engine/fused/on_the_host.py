"""A GPU that is none: the same addresses, launches and recordings, in this process's memory and with numpy.

What it shows is that steps, places, bands and sizes are right. That the kernels compute the same is for tests on a GPU.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from server.engine.fused.arena import Arena
from server.engine.fused.convolution_kind import ConvolutionKind
from server.engine.fused.convolution_model import convolution_model
from server.engine.fused.cuda_driver import CudaEvent, CudaGraph, Gpu, Launch
from server.engine.fused.cudnn_convolutions import ConvolutionSessions, GpuTensor
from server.engine.fused.gpu_resources import GpuResources
from server.engine.fused.kernel_operands import MOST_BLOCKS, BoundView, Measurement, StoredPicture
from server.engine.fused.kernels import Kernels
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.staging import Staging
from server.engine.fused.steps import Activation, Taps, Upsampling
from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.network.operations import Pad


class NothingThere(Exception):
    """At an address."""


class HostGpu(Gpu):
    def __init__(self) -> None:
        self.free = 1 << 30
        self.blocks: dict[int, Array] = {}
        self.recorded: list[Launch] | None = None
        self.launched = 0

    def use(self) -> None:
        pass

    def free_memory(self) -> int:
        return self.free

    def allocate(self, count: int) -> int:
        block = np.full(count, 0xFF, np.uint8)  # not a number
        self.blocks[block.ctypes.data] = block
        return block.ctypes.data

    def release(self, address: int) -> None:
        del self.blocks[address]

    def host_array(self, count: int) -> NDArray[np.uint8]:
        return np.zeros(count, np.uint8)

    def copy_in(self, address: int, values: Array) -> None:
        assert values.flags.c_contiguous
        self.array(address, values.shape, values.dtype)[...] = values

    def copy_out(self, address: int, into: Array) -> None:
        assert into.flags.c_contiguous
        into[...] = self.array(address, into.shape, into.dtype)

    def wait(self) -> None:
        pass

    def event(self) -> CudaEvent:
        return HostEvent()

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[CudaGraph]]:
        made: list[CudaGraph] = []
        self.recorded = []
        yield made
        made.append(HostGraph(self.recorded))
        self.recorded = None

    def array(self, address: int, shape: tuple[int, ...], kind: Any) -> Array:
        """Memory that is all within one block."""
        count = int(np.prod(shape)) * np.dtype(kind).itemsize
        if not any(at <= address and address + count <= at + one.size for at, one in self.blocks.items()):
            raise NothingThere
        pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_uint8))
        found: Array = np.ctypeslib.as_array(pointer, (count,)).view(kind).reshape(shape)
        return found

    def queued(self, work: Callable[[], None]) -> Launch:
        def launch() -> None:
            if self.recorded is None:
                self.launched += 1
                work()
            else:
                self.recorded.append(work)

        return launch


class HostEvent(CudaEvent):
    def __init__(self) -> None:
        pass

    def record(self) -> None:
        pass

    wait = record


class HostGraph(CudaGraph):
    def __init__(self, recorded: list[Launch]) -> None:
        self._recorded = recorded

    def launch(self) -> None:
        for work in self._recorded:
            work()

    def close(self) -> None:
        self._recorded = []


class HostKernels(Kernels):
    def __init__(self, gpu: HostGpu, element: type[np.generic]) -> None:
        self._host = gpu
        self._element = element
        self.itemsize = np.dtype(element).itemsize

    def materialise(self, seen: BoundView, out: int, *, first_row: int, rows: int) -> Launch:
        def work() -> None:
            result = self._host.array(out, (rows, seen.width, seen.size.channels), self._element)
            result[...] = self._shown(seen)[first_row : first_row + rows]

        return self._host.queued(work)

    def sum(self, source: int, pixels: int, measurement: Measurement, band: int) -> Launch:
        def work() -> None:
            values = self._host.array(source, (pixels, measurement.channels), self._element).astype(np.float64)
            mean = values.mean(0)
            parts = self._parts(measurement)[band * measurement.blocks : (band + 1) * measurement.blocks]
            parts[...] = 0
            parts[0] = np.stack([np.full_like(mean, pixels), mean, ((values - mean) ** 2).sum(0)], axis=1)

        return self._host.queued(work)

    def finish(self, measurement: Measurement, *, scale: int, shift: int, epsilon: float) -> Launch:
        def work() -> None:
            channels, norm = measurement.channels, measurement.norm
            counts, means, squares = np.moveaxis(self._parts(measurement).astype(np.float64), 2, 0)
            mean = (counts * means).sum(0) / counts.sum(0)
            variance = (squares + counts * (means - mean) ** 2).sum(0) / counts.sum(0)
            factor = self._vector(norm.factor, channels)
            factor[...] = self._vector(scale, channels) / np.sqrt(variance + epsilon)
            offset = self._vector(shift, channels) - mean * factor.astype(np.float64)
            self._vector(norm.offset, channels)[...] = offset

        return self._host.queued(work)

    def _parts(self, measurement: Measurement) -> Array:
        shape = (measurement.blocks * measurement.bands, measurement.channels, 3)
        assert shape[0] <= MOST_BLOCKS
        return self._host.array(measurement.parts, shape, np.float32)

    def receive(self, layout: PictureLayout, given: int, out: int, is_wrong: int) -> Launch:
        def work() -> None:
            samples = self._host.array(given, layout.shape(layout.height), layout.kind)
            if layout.places is None:
                values = samples[0].transpose(1, 2, 0)
            else:
                values = samples[..., layout.places] / np.float32(255) * 2 - 1
            self._host.array(out, values.shape, self._element)[...] = values
            self._host.array(is_wrong, (1,), np.int32)[...] = 0

        return self._host.queued(work)

    def deliver(self, seen: BoundView, layout: PictureLayout, out: int, is_wrong: int) -> Launch:
        def work() -> None:
            values = self._values(seen)
            self._host.array(is_wrong, (1,), np.int32)[...] = not np.isfinite(values).all()
            result = self._host.array(out, layout.shape(layout.height), layout.kind)
            if layout.places is None:
                result[0] = values.transpose(2, 0, 1)
            else:
                result[..., layout.places] = np.floor((np.clip(values, -1, 1) + 1) / 2 * 255 + 0.5)

        return self._host.queued(work)

    def _shown(self, seen: BoundView) -> Array:
        values, view = self._values(seen), seen.view
        match view.sampling:
            case Taps():
                values = _tapped(_padded(values, view.inner), view.sampling)
            case Upsampling():
                values = _upsampled(values, view.sampling)
        assert values.shape[:2] == (seen.sampled.height, seen.sampled.width)
        return _padded(values, view.outer)

    def _values(self, seen: BoundView) -> Array:
        values = self._read(seen.source, seen.size).astype(np.float32)
        if seen.norm:
            values = values * self._vector(seen.norm.factor, seen.size.channels) + self._vector(
                seen.norm.offset, seen.size.channels
            )
        if seen.view.activation is Activation.LEAKY:
            values = np.where(values > 0, values, values * np.float32(seen.view.slope))
        elif seen.view.activation is Activation.TANH:
            values = np.tanh(values)
        return values + self._read(seen.residual, seen.size) if seen.residual else values

    def _read(self, stored: StoredPicture, size: Size) -> Array:
        """Rows that are not there are not numbers: nothing may come of them."""
        row_bytes = stored.pitch * size.channels * self.itemsize
        start = stored.address + stored.first * size.channels * self.itemsize
        values = np.full((size.height, size.width, size.channels), np.nan, self._element)
        for row in range(size.height):
            if start + row * row_bytes >= stored.address:
                with contextlib.suppress(NothingThere):
                    shape = (size.width, size.channels)
                    values[row] = self._host.array(start + row * row_bytes, shape, self._element)
        return values

    def _vector(self, address: int, channels: int) -> Array:
        return self._host.array(address, (channels,), np.float32)


class HostConvolutions(ConvolutionSessions):
    def __init__(self, gpu: HostGpu) -> None:
        super().__init__(lambda model: ort.InferenceSession(model, providers=["CPUExecutionProvider"]))
        self._host = gpu
        self.seen: dict[ConvolutionKind, set[tuple[int, ...]]] = {}

    def launch(
        self, kind: ConvolutionKind, source: GpuTensor, weight: GpuTensor, bias: GpuTensor | None, out: GpuTensor
    ) -> Launch:
        session = self._open(convolution_model(kind))

        def work() -> None:
            given = {"source": source, "weight": weight} | ({"bias": bias} if bias else {})
            arrays = {name: self._host.array(one.address, one.shape, kind.element) for name, one in given.items()}
            (result,) = session.run(None, arrays)
            assert result.shape == out.shape
            self.seen.setdefault(kind, set()).add(source.shape)
            self._host.array(out.address, out.shape, kind.element)[...] = result

        return self._host.queued(work)


def resources_on_the_host() -> GpuResources:
    gpu = HostGpu()
    return GpuResources(gpu, Arena(gpu), Staging(gpu), HostConvolutions(gpu), lambda element: HostKernels(gpu, element))


def _padded(values: Array, pad: Pad | None) -> Array:
    if pad is None:
        return values
    margins = [*((axis.before, axis.after) for axis in pad.axes), (0, 0)]
    if pad.mode == "constant":
        return np.pad(values, margins, constant_values=pad.value)
    return np.pad(values, margins, mode="reflect" if pad.mode == "reflect" else "edge")


def _tapped(values: Array, taps: Taps) -> Array:
    height, width = taps.weights.shape
    windows = np.lib.stride_tricks.sliding_window_view(values, (height, width), (0, 1))
    down, across = taps.strides
    return np.asarray((windows[::down, ::across] * taps.weights).sum((-2, -1)))


def _upsampled(values: Array, upsampling: Upsampling) -> Array:
    for axis, factor in enumerate(upsampling.factors):
        length = values.shape[axis]
        places = (np.arange(length * factor) + 0.5) / factor - 0.5
        if not upsampling.is_smooth:
            places = np.arange(length * factor) // factor
        first = np.floor(places)
        share = (places - first).astype(np.float32).reshape([-1 if one == axis else 1 for one in range(3)])
        low, high = (np.clip(first + more, 0, length - 1).astype(int) for more in (0, 1))
        values = values.take(low, axis) * (1 - share) + values.take(high, axis) * share
    return values
