"""CUDA's driver, as much of it as this package needs, through ctypes: it is there wherever a GPU is."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterable, Iterator, Sequence
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_ulonglong, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.network.arrays import Array

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

# From cuda.h.
_COMPUTE_CAPABILITY = (75, 76)  # major, minor
_NON_BLOCKING = 1
_RELAXED_CAPTURE = 2
_WITHOUT_TIMES = 2


class CudaError(RuntimeError):
    """In CUDA's own words."""


class CudaKernel:
    """A function on the GPU; ``launch`` only says that it shall run."""

    def __init__(self, gpu: Gpu, function: c_void_p) -> None:
        self._gpu = gpu
        self._function = function

    def launch(self, grid: tuple[int, int], threads: int, arguments: Sequence[Any]) -> None:
        """``arguments`` are ctypes values of the kernel's own types. At most 65,535 blocks in the grid's second
        direction."""
        places = (c_void_p * len(arguments))(*(ctypes.addressof(argument) for argument in arguments))
        self._gpu.call(
            "cuLaunchKernel", self._function, *grid, 1, threads, 1, 1, 0, c_void_p(self._gpu.stream), places, None
        )


class CudaGraph:
    """What was recorded, which runs again with one call."""

    def __init__(self, gpu: Gpu, recorded: c_void_p) -> None:
        self._gpu = gpu
        self._graph = c_void_p()
        try:
            gpu.call("cuGraphInstantiateWithFlags", byref(self._graph), recorded, c_ulonglong(0))
        finally:
            gpu.call("cuGraphDestroy", recorded)

    def launch(self) -> None:
        self._gpu.call("cuGraphLaunch", self._graph, c_void_p(self._gpu.stream))

    def close(self) -> None:
        self._gpu.call("cuGraphExecDestroy", self._graph)


class CudaEvent:
    """A moment on the stream."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._event = c_void_p()
        gpu.call("cuEventCreate", byref(self._event), c_uint(_WITHOUT_TIMES))

    def record(self) -> None:
        """It is when all is done that has been recorded by now."""
        self._gpu.call("cuEventRecord", self._event, c_void_p(self._gpu.stream))

    def wait(self) -> None:
        """Returns at once when it was never recorded."""
        self._gpu.call("cuEventSynchronize", self._event)


class Gpu:
    """The first GPU: one stream, on which everything happens in order. Raises CudaError, OSError without a driver.

    Addresses are those of the GPU's memory unless they are recorded to be the host's. ``use`` must be called first in every
    thread.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(_LIBRARY)
        self.call("cuInit", 0)
        device = c_int()
        self.call("cuDeviceGet", byref(device), 0)
        self._context = c_void_p()
        # The one that onnxruntime uses too.
        self.call("cuDevicePrimaryCtxRetain", byref(self._context), device)
        self.use()
        major, minor = (self._attribute(number, device) for number in _COMPUTE_CAPABILITY)
        self.architecture = f"sm_{major}{minor}"
        stream = c_void_p()
        self.call("cuStreamCreate", byref(stream), _NON_BLOCKING)
        self.stream = int(stream.value or 0)

    def call(self, name: str, *arguments: Any) -> None:
        """Raises CudaError."""
        status = self._library[name](*arguments)
        if status:
            text = c_char_p()
            self._library["cuGetErrorString"](status, byref(text))
            raise CudaError(f"{name}: {(text.value or b'unknown error').decode()} ({status})")

    def use(self) -> None:
        self.call("cuCtxSetCurrent", self._context)

    def free_memory(self) -> int:
        """In bytes."""
        free, total = c_size_t(), c_size_t()
        self.call("cuMemGetInfo_v2", byref(free), byref(total))
        return free.value

    def allocate(self, count: int) -> int:
        """Bytes, at an address that is a multiple of 256."""
        address = c_ulonglong()
        self.call("cuMemAlloc_v2", byref(address), c_size_t(max(count, 1)))
        return address.value

    def release(self, address: int) -> None:
        self.call("cuMemFree_v2", c_ulonglong(address))

    def host_array(self, count: int) -> NDArray[np.uint8]:
        """Bytes of the host's memory that the GPU reaches by itself; they stay until the process ends."""
        place = c_void_p()
        self.call("cuMemHostAlloc", byref(place), c_size_t(count), c_uint(0))
        return np.ctypeslib.as_array(ctypes.cast(place, ctypes.POINTER(ctypes.c_uint8)), (count,))

    def copy_in(self, address: int, values: Array) -> None:
        """From the host. Where ``values`` lie in a host_array it only says so, and they must stay as they are."""
        self.call(
            "cuMemcpyHtoDAsync_v2",
            c_ulonglong(address),
            c_void_p(values.ctypes.data),
            c_size_t(values.nbytes),
            self._stream,
        )

    def copy_out(self, address: int, into: Array) -> None:
        """To the host, likewise."""
        self.call(
            "cuMemcpyDtoHAsync_v2",
            c_void_p(into.ctypes.data),
            c_ulonglong(address),
            c_size_t(into.nbytes),
            self._stream,
        )

    def copy_within(self, source: int, to: int, count: int) -> None:
        """So many bytes."""
        self.call("cuMemcpyDtoDAsync_v2", c_ulonglong(to), c_ulonglong(source), c_size_t(count), self._stream)

    def wait(self) -> None:
        """Until everything is done. Raises what went wrong meanwhile."""
        self.call("cuStreamSynchronize", self._stream)

    def event(self) -> CudaEvent:
        return CudaEvent(self)

    def kernels(self, module: bytes, names: Iterable[str]) -> dict[str, CudaKernel]:
        """Of a compiled module, by name; it stays loaded."""
        loaded, found = c_void_p(), {}
        self.call("cuModuleLoadData", byref(loaded), module)
        for name in names:
            function = c_void_p()
            self.call("cuModuleGetFunction", byref(function), loaded, name.encode())
            found[name] = CudaKernel(self, function)
        return found

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[CudaGraph]]:
        """What is recorded meanwhile does not run; afterwards the list holds it as a graph."""
        made: list[CudaGraph] = []
        self.call("cuStreamBeginCapture_v2", self._stream, c_int(_RELAXED_CAPTURE))
        recorded = c_void_p()
        try:
            yield made
        except BaseException:
            # It must end in any case; what it says then is that it was disturbed.
            with contextlib.suppress(CudaError):
                self.call("cuStreamEndCapture", self._stream, byref(recorded))
            raise
        self.call("cuStreamEndCapture", self._stream, byref(recorded))
        made.append(CudaGraph(self, recorded))

    @property
    def _stream(self) -> c_void_p:
        return c_void_p(self.stream)

    def _attribute(self, number: int, device: c_int) -> int:
        value = c_int()
        self.call("cuDeviceGetAttribute", byref(value), number, device)
        return value.value
