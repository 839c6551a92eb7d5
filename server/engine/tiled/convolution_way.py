"""Which of several algorithms computes a convolution on a tile."""

from __future__ import annotations

from enum import Enum

from server.engine.network.operations import Convolution, Operation, Pad
from server.engine.tiled.layout import CHANNELS_FIRST, Layout

# Fewer channels than this do not fill the matrix multiplications that Winograd's algorithm is made of.
_LEAST_CHANNELS = 16
# onnxruntime computes this many output channels at a time, so with few channels several pixels are computed at once.
_CHANNELS_AT_ONCE = 16

PACKED_PIXELS = 4
"""How many neighbours in a row a PACKED convolution computes at once."""


class ConvolutionWay(Enum):
    """How a convolution is computed: by Winograd's minimal filtering; as one MATRIX multiplication of every pixel's
    channels; PACKED, several neighbours at once as more output channels; or DIRECT, by ONNX's own operation."""

    WINOGRAD = "winograd"
    MATRIX = "matrix"
    PACKED = "packed"
    DIRECT = "direct"


def way_of(operation: Operation, layout: Layout) -> ConvolutionWay:
    """The fastest way to compute the operation in this layout; DIRECT for all that are no convolutions."""
    if not isinstance(operation, Convolution) or layout is CHANNELS_FIRST or not operation.is_plain:
        return ConvolutionWay.DIRECT
    outside, inside, *kernel = operation.weight.shape
    if kernel == [1, 1]:
        return ConvolutionWay.MATRIX
    if kernel == [3, 3] and min(outside, inside) >= _LEAST_CHANNELS:
        return ConvolutionWay.WINOGRAD
    return ConvolutionWay.PACKED if outside * PACKED_PIXELS <= _CHANNELS_AT_ONCE else ConvolutionWay.DIRECT


def absorbs_padding(operation: Operation, pad: Pad, layout: Layout) -> bool:
    """Whether the operation does the padding right before it itself, so that the padded picture is never made."""
    way = way_of(operation, layout)
    return way is ConvolutionWay.PACKED or (way is ConvolutionWay.WINOGRAD and pad.mode != "constant")
