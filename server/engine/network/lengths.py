"""Numbers that follow from the picture's size: what a graph computes from the shapes of its tensors.

Whatever way an exporter spells a size, it is a function of heights and widths of layers:

>>> half = lifted(lambda length, by: length // by)(layer_length("skip", 0), 2)
>>> half.at({"skip": (100, 60)})
50
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Shapes = Mapping[str, tuple[int, int]]
"""Height and width of the picture and of every layer, by name."""


@dataclass(frozen=True, eq=False)
class Length:
    """A number that ``at`` computes from the layers' heights and widths. ``is_side`` is whether it is one of them."""

    at: Callable[[Shapes], Any]
    is_side: bool = False


Number: TypeAlias = Any
"""A plain number or a Length."""


def layer_length(layer: str, axis: int) -> Length:
    """The height (axis 0) or width (axis 1) of a layer."""
    return Length(lambda shapes: shapes[layer][axis], is_side=True)


def lifted(function: Callable[..., Any]) -> Callable[..., Number]:
    """A function of plain numbers as one that takes Lengths too."""

    def apply(*numbers: Number) -> Number:
        if not any(isinstance(number, Length) for number in numbers):
            return function(*numbers)
        return Length(lambda shapes: function(*(value_at(number, shapes) for number in numbers)))

    return apply


def value_at(number: Number, shapes: Shapes) -> Any:
    """The plain number that it is where layers have these heights and widths."""
    return number.at(shapes) if isinstance(number, Length) else number


def product(numbers: Iterable[Number]) -> Number:
    """All of them multiplied."""
    return lifted(lambda *values: math.prod(values))(*numbers)


@dataclass(frozen=True, eq=False)
class Equality:
    """What a network was read by: two numbers that are the same for every picture that it is right for."""

    left: Number
    right: Number

    def holds(self, shapes: Shapes) -> bool:
        """Whether they are the same where layers have these heights and widths."""
        try:
            return bool(value_at(self.left, shapes) == value_at(self.right, shapes))
        except ArithmeticError:  # of a picture that is too small
            return False
