"""One network on the GPU: convolutions by onnxruntime, everything else by our kernels."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from server.engine.failure import NetworkFault
from server.engine.fused.band_division import GIVEN, RESULT
from server.engine.fused.convolution_kind import ConvolutionKind, convolution_kind
from server.engine.fused.cuda_driver import CudaGraph, Launch
from server.engine.fused.fused_plan import FusedPlan, plan_within
from server.engine.fused.fusion import fuse
from server.engine.fused.gpu_resources import GpuResources
from server.engine.fused.launches import LaunchBuilder
from server.engine.fused.parameters import IS_WRONG, parameters_of
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.placement import place_buffers
from server.engine.fused.steps import Convolve, Step
from server.engine.network.arrays import Array
from server.engine.network.network import Network

_log = logging.getLogger(__name__)

# How many layouts have their addresses and graphs remembered.
_REMEMBERED = 4

# Up to this size launching kernels one by one takes longer than running them, so they are replayed as one CUDA graph.
_RECORDED_PIXELS = 2048 * 2048

# How many plans are remembered, for finding one takes longer than computing a small picture.
_PLANS = 64

# The side of the square picture whose size in each place of the network tells kinds of convolutions apart.
_REFERENCE = 256


Key = tuple[PictureLayout, FusedPlan]


@dataclass
class PreparedPicture:
    """The launches that compute pictures of one layout by one plan. The addresses, among them ``given`` of the picture
    and ``result``, are valid in one generation of the arena."""

    generation: int
    given: int
    result: int
    launches: list[Launch]
    runs: int = 0
    graph: CudaGraph | None = None


class FusedNetwork:
    """A network with values of the type ``element``, np.float32 or np.float16. Making one raises NotFused.

    For one thread at a time. What CUDA and onnxruntime raise may come from every method.
    """

    def __init__(self, network: Network, element: type[np.generic], resources: GpuResources) -> None:
        self._network = network
        self._steps = fuse(network)
        self._resources = resources
        self._element = element
        self._kinds = self._find_kinds()
        # onnxruntime 1.31 searches for an algorithm each time that it runs a transposed convolution, and a search
        # cannot be recorded.
        self._can_be_recorded = not any(kind.padding for kind in self._kinds.values())
        self._prepared: OrderedDict[Key, PreparedPicture] = OrderedDict()
        with resources.lock:
            resources.gpu.use()
            self._kernels = resources.kernels(element)
            self._parameters = parameters_of(self._steps, resources.gpu, element)
        # Not a method of ours: the cache would hold us, and we the cache, until Python looks for such circles.
        self._planned = lru_cache(_PLANS)(partial(_plan, network, self._steps, self._kernels.itemsize))

    def plan(self, height: int, width: int, memory: int) -> FusedPlan | None:
        """The plan for a picture of this size with ``memory`` bytes on the GPU, None where that is not enough. Raises
        ValueError for a picture that is too small."""
        return self._planned(height, width, memory)

    def run(
        self, rows: Callable[[int, int], Array], emit: Callable[[Array], None], layout: PictureLayout, plan: FusedPlan
    ) -> None:
        """Computes one picture of this layout by this plan. ``rows`` gives its rows from the first number up to, and
        without, the second; ``emit`` takes the result's next rows, from the top, in the same layout.

        Planes are in the network's own range; bytes are for networks whose range is -1 to 1, with three channels.
        Raises ValueError for a picture that is too small, a result of another size, and values that are not finite.
        """
        resources = self._resources
        with resources.lock:
            resources.gpu.use()
            try:
                prepared = self._prepare(layout, plan)
                resources.staging.send(rows, layout, prepared.given)
                self._launch(prepared, layout.pixels)
                is_wrong = self._parameters.address(IS_WRONG)
                resources.staging.fetch(emit, layout, prepared.result, is_wrong)
            finally:
                resources.arena.trim()

    def _launch(self, prepared: PreparedPicture, pixels: int) -> None:
        prepared.runs += 1
        # The first time onnxruntime still searches for algorithms.
        is_worth_it = prepared.runs > 1 and pixels <= _RECORDED_PIXELS
        if is_worth_it and prepared.graph is None and self._can_be_recorded:
            prepared.graph = self._record(prepared.launches)
        if prepared.graph is not None:
            prepared.graph.launch()
        else:
            _launch_all(prepared.launches)

    def _record(self, launches: list[Launch]) -> CudaGraph | None:
        try:
            with self._resources.gpu.recording() as made:
                _launch_all(launches)
        except Exception as error:
            _log.warning("The GPU's work cannot be recorded, and small pictures take longer: %s", error)
            self._can_be_recorded = False
            return None
        return made[0]

    def _prepare(self, layout: PictureLayout, plan: FusedPlan) -> PreparedPicture:
        key = (layout, plan)
        prepared = self._prepared.get(key)
        if prepared is None or prepared.generation != self._resources.arena.generation:
            self._forget(key)
            prepared = self._prepared[key] = self._made(layout, plan)
        self._prepared.move_to_end(key)
        while len(self._prepared) > _REMEMBERED:
            self._forget(next(iter(self._prepared)))
        return prepared

    def _made(self, layout: PictureLayout, plan: FusedPlan) -> PreparedPicture:
        sizes = self._network.sizes(layout.height, layout.width)
        if sizes[self._network.output] != sizes[self._network.input]:
            raise NetworkFault(f"The network answers {sizes[self._network.output]} to {sizes[self._network.input]}.")
        division = plan.division(self._steps, sizes, self._kernels.itemsize)
        resources, placing = self._resources, place_buffers(division.lifetimes(layout))
        base = resources.arena.at_least(placing.size)
        addresses = {name: base + offset for name, offset in placing.offsets.items()}
        making = LaunchBuilder(
            self._kernels, resources.convolutions, self._parameters, self._kinds, sizes, addresses, division, layout
        )
        launches = making.all(self._steps)
        return PreparedPicture(resources.arena.generation, addresses[GIVEN], addresses[RESULT], launches)

    def _find_kinds(self) -> dict[str, ConvolutionKind]:
        """The kinds of the convolutions, by the names of their buffers."""
        sizes = self._network.sizes(_REFERENCE, _REFERENCE)
        kinds = {}
        for step in self._steps:
            if isinstance(step, Convolve):
                seen = sizes[step.seen]
                kinds[step.buffer] = convolution_kind(step.operation, self._element, (seen.height, seen.width))
        return kinds

    def _forget(self, key: Key) -> None:
        prepared = self._prepared.pop(key, None)
        if prepared is not None and prepared.graph is not None:
            prepared.graph.close()


def _launch_all(launches: list[Launch]) -> None:
    for launch in launches:
        launch()


def _plan(
    network: Network, steps: Sequence[Step], itemsize: int, height: int, width: int, memory: int
) -> FusedPlan | None:
    sizes, layout = network.sizes(height, width), PictureLayout(network.channels, height, width)
    return plan_within(memory, steps, sizes, itemsize, layout)
