"""What can be left out of a network, or measured at once, without changing what it computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from server.engine.network.network import Layer
from server.engine.network.operations import Convolution, Normalisation, Pointwise, Statistic, TransposedConvolution


def simplified(layers: Sequence[Layer], output: str) -> tuple[Layer, ...]:
    """The layers that ``output``, which becomes the last one, depends on."""
    return tuple(_without_lost_biases(_needed(_with_variances(layers), output)))


def _needed(layers: Sequence[Layer], output: str) -> list[Layer]:
    wanted, found = {output}, []
    for layer in reversed(layers):
        if layer.name in wanted:
            wanted.update(layer.inputs)
            found.append(layer)
    return found[::-1]


def _with_variances(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, where the mean of the squares of differences from a mean is a variance: both are of one layer, and
    measured at once."""
    known = {layer.name: layer for layer in layers}
    return [_as_variance(layer, known) or layer for layer in layers]


def _as_variance(layer: Layer, known: Mapping[str, Layer]) -> Layer | None:
    if not isinstance(layer.operation, Statistic):
        return None
    square = known.get(layer.inputs[0])
    rest = known.get(square.inputs[0]) if square and _is_square(square) else None
    if rest is None or not isinstance(rest.operation, Pointwise) or rest.operation.operation != "Sub":
        return None
    if rest.operation.operands != (0, 1):
        return None
    source, mean = rest.inputs
    of_mean = known.get(mean)
    if of_mean is None or of_mean.operation != layer.operation or of_mean.inputs != (source,):
        return None
    return Layer(layer.name, (source,), replace(layer.operation, is_variance=True))


def _is_square(layer: Layer) -> bool:
    operation = layer.operation
    if not isinstance(operation, Pointwise) or len(layer.inputs) != 1 or operation.operands[0] != 0:
        return False
    if operation.operation == "Mul":
        return isinstance(operation.operands[1], int)
    return operation.operation == "Pow" and np.array_equal(operation.operands[1], 2)


def _without_lost_biases(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, where a convolution that only a normalisation sees has no bias: normalising would remove it again."""
    users = Counter(name for layer in layers for name in layer.inputs)
    normalised = {layer.inputs[0] for layer in layers if _is_by_channel(layer)}
    return [
        replace(layer, operation=replace(layer.operation, bias=None))
        if isinstance(layer.operation, Convolution | TransposedConvolution)
        and layer.name in normalised
        and users[layer.name] == 1
        else layer
        for layer in layers
    ]


def _is_by_channel(layer: Layer) -> bool:
    return isinstance(layer.operation, Normalisation) and layer.operation.groups is None
