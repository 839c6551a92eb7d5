"""What a graph's lengths are for some sizes of the picture: what it means is read from these, and checked for others
when a picture of another size is to be computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.lengths import Equality, Length, Number, value_at
from server.engine.network.network import Layer, Size, layer_size

# Large enough for every layer, with sides that can be halved ten times and divided by 3 and 5.
_SAMPLES = ((15360, 2 * 15360), (5 * 15360, 3 * 15360))


class SampledSizes:
    """The sizes of a network's layers for some pictures; ``equalities`` are what has been concluded from them."""

    def __init__(self, input: str, channels: int) -> None:
        self.equalities: list[Equality] = []
        self._sizes = [{input: Size(channels, *sample)} for sample in _SAMPLES]
        self._shapes = [{input: sample} for sample in _SAMPLES]

    def add(self, layer: Layer) -> None:
        """Takes up one more layer."""
        try:
            for sizes, shapes in zip(self._sizes, self._shapes, strict=True):
                size = sizes[layer.name] = layer_size(layer, sizes)
                shapes[layer.name] = size.height, size.width
        except ValueError:  # that a picture does not fit is said when one is to be computed
            self._sizes, self._shapes = [], []

    def values(self, number: Number) -> list[Any]:
        """What a number is for each of the pictures; nothing where it is not known."""
        try:
            return [value_at(number, shapes) for shapes in self._shapes]
        except (ArithmeticError, TypeError, ValueError):
            return []

    def same(self, left: Number, right: Number) -> bool:
        """Whether two numbers are the same; if so, pictures for which they are not will be refused."""
        if left is right:
            return True
        if not isinstance(left, Length) and not isinstance(right, Length):
            return bool(left == right)
        values = self.values(left)
        if not values or values != self.values(right):
            return False
        self.equalities.append(Equality(left, right))
        return True

    def settled(self, number: Number) -> Any | None:
        """The plain number that it is for every picture; None where there is none."""
        if not isinstance(number, Length):
            return number
        first = next(iter(self.values(number)), None)
        return first if first is not None and self.same(number, first) else None

    def settled_array(self, numbers: Array) -> Array | None:
        """The same of an array of numbers."""
        found = [self.settled(number) for number in numbers.reshape(-1)]
        if any(number is None for number in found):
            return None
        kind = np.float32 if any(isinstance(number, float | np.floating) for number in found) else np.int64
        return np.array(found, kind).reshape(numbers.shape)
