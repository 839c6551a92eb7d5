"""What tells apart the convolutions that need sessions of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.engine.fused.fusion import NotFused
from server.engine.network.operations import Convolution, TransposedConvolution


@dataclass(frozen=True)
class ConvolutionKind:
    """What convolutions have in common that one session computes: everything but their weights.

    Within one picture they must all see the same size, because onnxruntime keeps cuDNN's plan until it sees another
    one; ``reduction`` tells places of different size apart: it is the height and width there of a picture of a standard
    size. ``padding`` is a transposed convolution's: what is cut off at both ends, and what is added again at the end.
    """

    weight_shape: tuple[int, ...]
    has_bias: bool
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    padding: tuple[tuple[int, int], tuple[int, int]] | None
    reduction: tuple[int, int]
    element: type[np.generic]


def convolution_kind(
    operation: Convolution | TransposedConvolution, element: type[np.generic], reduction: tuple[int, int]
) -> ConvolutionKind:
    """The kind of a convolution of values of the type ``element``. Raises NotFused for a transposed convolution that
    cuDNN cannot compute."""
    return ConvolutionKind(
        weight_shape=tuple(operation.weight.shape),
        has_bias=operation.bias is not None,
        strides=operation.strides,
        dilations=operation.dilations,
        groups=operation.groups,
        padding=_padding(operation) if isinstance(operation, TransposedConvolution) else None,
        reduction=reduction,
        element=element,
    )


def _padding(operation: TransposedConvolution) -> tuple[tuple[int, int], tuple[int, int]]:
    """What cuDNN cuts off, which is the same at both ends, and what is added again at the end, for both axes."""
    before = (operation.axes[0].before, operation.axes[1].before)
    extra = tuple(axis.before - axis.after for axis in operation.axes)
    if any(not 0 <= more < max(step, 1) for more, step in zip(extra, operation.strides, strict=True)):
        raise NotFused("ConvTranspose")
    return before, (extra[0], extra[1])
