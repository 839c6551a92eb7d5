"""Taking a tensor's axes apart and putting them together in another way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.engine.network.lengths import Length, Number, lifted, product
from server.engine.network.sampled_sizes import SampledSizes
from server.engine.network.tensor_view import CHANNELS, Axis, Factor, TensorView, joined
from server.engine.network.unsupported import UnsupportedNetwork

_quotient = lifted(lambda whole, part: whole // part)
_rest = lifted(lambda whole, part: whole % part)


def reshaped(view: TensorView, shape: Sequence[Number], sizes: SampledSizes, operation: str) -> TensorView:
    """The view as a tensor of this shape, in which one length may be -1: whatever is left. Raises UnsupportedNetwork
    where it does not show rows and columns any more as far as is known."""
    left = [factor for axis in view.axes for factor in axis]
    known = [length for length in shape if isinstance(length, Length) or length != -1]
    rest = _quotient(product(factor.length for factor in left), product(known))
    lengths = [rest if not isinstance(length, Length) and length == -1 else length for length in shape]
    try:
        axes = tuple(_axis(length, left, sizes) for length in lengths)
    except (ArithmeticError, ValueError):
        raise UnsupportedNetwork(operation, "to a shape whose rows and columns are not known") from None
    if left:
        raise UnsupportedNetwork(operation, "to a shape whose rows and columns are not known")
    if axes == view.axes:
        return view
    return replace(view, axes=axes, made_by=operation)


def _axis(length: Number, left: list[Factor], sizes: SampledSizes) -> Axis:
    """An axis of this length: the first of the factors that are left, which it takes away. Raises ValueError."""
    found: list[Factor] = []
    while not sizes.same(length, 1):
        if not left:
            raise ValueError
        factor = left.pop(0)
        if sizes.same(factor.length, length):
            length = 1
        elif sizes.same(_rest(length, factor.length), 0):
            length = _quotient(length, factor.length)
        else:
            factor, inner = _split(factor, length, sizes)
            left.insert(0, inner)
            length = 1
        found.append(factor)
    return joined(found)


def _split(factor: Factor, length: Number, sizes: SampledSizes) -> tuple[Factor, Factor]:
    """The factor as one of this length and, within it, another. Raises ValueError."""
    inner = sizes.settled(_quotient(factor.length, length))
    if inner is None or not sizes.same(product([length, inner]), factor.length):
        raise ValueError
    inner = int(inner)
    if factor.dimension == CHANNELS:
        length = sizes.settled(length)
    return Factor(factor.dimension, length, factor.stride * inner), Factor(factor.dimension, inner, factor.stride)
