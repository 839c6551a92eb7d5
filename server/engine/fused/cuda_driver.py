"""As much of CUDA's driver as this package needs, through ctypes. The driver is installed wherever there is a GPU."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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


Launch = Callable[[], None]
"""Queues some work on the GPU's stream and returns at once."""


class CudaError(RuntimeError):
    """A function of CUDA's driver failed; the text is its name and CUDA's own words."""


class CudaKernel:
    """A function that runs on the GPU."""

    def __init__(self, gpu: Gpu, function: c_void_p) -> None:
        self._gpu = gpu
        self._function = function

    def launch(self, grid: tuple[int, int], threads: int, arguments: Sequence[Any]) -> None:
        """Queues a run of ``grid`` blocks (at most 65,535 in the second direction) of ``threads`` threads each.
        ``arguments`` are ctypes values of the types that the kernel declares."""
        places = (c_void_p * len(arguments))(*(ctypes.addressof(argument) for argument in arguments))
        self._gpu.call(
            "cuLaunchKernel", self._function, *grid, 1, threads, 1, 1, 0, self._gpu.stream_argument, places, None
        )


class CudaGraph:
    """Recorded launches, which one call queues again."""

    def __init__(self, gpu: Gpu, recorded: c_void_p) -> None:
        self._gpu = gpu
        self._graph = c_void_p()
        try:
            gpu.call("cuGraphInstantiateWithFlags", byref(self._graph), recorded, c_ulonglong(0))
        finally:
            gpu.call("cuGraphDestroy", recorded)

    def launch(self) -> None:
        """Queues everything that was recorded."""
        self._gpu.call("cuGraphLaunch", self._graph, self._gpu.stream_argument)

    def close(self) -> None:
        """Frees what CUDA holds for the graph."""
        self._gpu.call("cuGraphExecDestroy", self._graph)


class CudaEvent:
    """A point on the stream that can be waited for."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._event = c_void_p()
        gpu.call("cuEventCreate", byref(self._event), c_uint(_WITHOUT_TIMES))

    def record(self) -> None:
        """Marks the end of everything queued so far."""
        self._gpu.call("cuEventRecord", self._event, self._gpu.stream_argument)

    def wait(self) -> None:
        """Returns when the GPU has come to the recorded point, and at once if there is none."""
        self._gpu.call("cuEventSynchronize", self._event)


class Gpu:
    """The first GPU and one stream, on which everything runs in the order in which it was queued. Making it raises
    OSError without a driver, and CudaError.

    Addresses are in the GPU's memory, where they are not called the host's. Every thread must call ``use`` before
    anything else.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(_LIBRARY)
        self.call("cuInit", 0)
        device = c_int()
        self.call("cuDeviceGet", byref(device), 0)
        self._context = c_void_p()
        # The context that onnxruntime uses too.
        self.call("cuDevicePrimaryCtxRetain", byref(self._context), device)
        self.use()
        major, minor = (self._attribute(number, device) for number in _COMPUTE_CAPABILITY)
        self.architecture = f"sm_{major}{minor}"
        stream = c_void_p()
        self.call("cuStreamCreate", byref(stream), _NON_BLOCKING)
        self.stream = int(stream.value or 0)

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function of the driver. Raises CudaError if it fails."""
        status = self._library[name](*arguments)
        if status:
            text = c_char_p()
            self._library["cuGetErrorString"](status, byref(text))
            raise CudaError(f"{name}: {(text.value or b'unknown error').decode()} ({status})")

    def use(self) -> None:
        """Makes this GPU the calling thread's own."""
        self.call("cuCtxSetCurrent", self._context)

    def free_memory(self) -> int:
        """How many bytes of the GPU's memory are free."""
        free, total = c_size_t(), c_size_t()
        self.call("cuMemGetInfo_v2", byref(free), byref(total))
        return free.value

    def allocate(self, count: int) -> int:
        """The address, a multiple of 256, of ``count`` new bytes."""
        address = c_ulonglong()
        self.call("cuMemAlloc_v2", byref(address), c_size_t(max(count, 1)))
        return address.value

    def release(self, address: int) -> None:
        """Frees what was allocated at this address."""
        self.call("cuMemFree_v2", c_ulonglong(address))

    def host_array(self, count: int) -> NDArray[np.uint8]:
        """``count`` bytes of the host's memory, page-locked so that the GPU can copy from and to them on its own. They
        are never freed."""
        place = c_void_p()
        self.call("cuMemHostAlloc", byref(place), c_size_t(count), c_uint(0))
        return np.ctypeslib.as_array(ctypes.cast(place, ctypes.POINTER(ctypes.c_uint8)), (count,))

    def copy_in(self, address: int, values: Array) -> None:
        """Copies from the host. From a host_array the copy is only queued: ``values`` must stay as they are until
        then."""
        self.call(
            "cuMemcpyHtoDAsync_v2",
            c_ulonglong(address),
            c_void_p(values.ctypes.data),
            c_size_t(values.nbytes),
            self.stream_argument,
        )

    def copy_out(self, address: int, into: Array) -> None:
        """Copies to the host. To a host_array the copy is only queued: ``into`` holds the values when it is done."""
        self.call(
            "cuMemcpyDtoHAsync_v2",
            c_void_p(into.ctypes.data),
            c_ulonglong(address),
            c_size_t(into.nbytes),
            self.stream_argument,
        )

    def wait(self) -> None:
        """Waits until everything queued is done. Raises CudaError if any of it failed."""
        self.call("cuStreamSynchronize", self.stream_argument)

    def event(self) -> CudaEvent:
        """A new event, which has no point yet."""
        return CudaEvent(self)

    def kernels(self, module: bytes, names: Iterable[str]) -> dict[str, CudaKernel]:
        """Loads a compiled module, for good, and returns its kernels with these names."""
        loaded, found = c_void_p(), {}
        self.call("cuModuleLoadData", byref(loaded), module)
        for name in names:
            function = c_void_p()
            self.call("cuModuleGetFunction", byref(function), loaded, name.encode())
            found[name] = CudaKernel(self, function)
        return found

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[CudaGraph]]:
        """Within it launches are recorded instead of run; after it, the list holds one graph of them all."""
        made: list[CudaGraph] = []
        self.call("cuStreamBeginCapture_v2", self.stream_argument, c_int(_RELAXED_CAPTURE))
        recorded = c_void_p()
        try:
            yield made
        except BaseException:
            # Recording must end in any case; ending it reports that it was disturbed.
            with contextlib.suppress(CudaError):
                self.call("cuStreamEndCapture", self.stream_argument, byref(recorded))
            raise
        self.call("cuStreamEndCapture", self.stream_argument, byref(recorded))
        made.append(CudaGraph(self, recorded))

    @property
    def stream_argument(self) -> c_void_p:
        """The stream as CUDA's functions take it."""
        return c_void_p(self.stream)

    def _attribute(self, number: int, device: c_int) -> int:
        value = c_int()
        self.call("cuDeviceGetAttribute", byref(value), number, device)
        return value.value
