"""What layers cost in time, for plans and progress. The unit of time is one multiplication."""

from __future__ import annotations

from server.engine.network.network import Layer
from server.engine.network.operations import multiplications
from server.engine.tiled.convolution_way import ConvolutionWay, way_of
from server.engine.tiled.layout import Layout

# Measured on a CPU with AVX-512: writing or reading a value takes about as long as this many multiplications, and
# Winograd's algorithm takes about half of the time of a direct convolution.
ACCESS_COST = 80.0
_WINOGRAD = 0.5


def layer_cost(layer: Layer, channels: int, layout: Layout) -> float:
    """What a layer costs for one pixel of its output, which has ``channels`` channels."""
    saved = _WINOGRAD if way_of(layer.operation, layout) is ConvolutionWay.WINOGRAD else 1.0
    return multiplications(layer.operation) * saved + ACCESS_COST * channels
