"""Which rows (or columns) of a layer's input its output needs: intervals, and how each kind of layer maps them.

Take a picture of 100 rows through three layers: padding by one row at either edge, a 3-row convolution in steps of
two, and a resize by two. Going forward, each layer tells how long its output is:

>>> layers = [Margin(before=1, after=1), Window(size=3, step=2), Scale(factor=2)]
>>> lengths = [100]
>>> for layer in layers:
...     lengths.append(layer.length(lengths[-1]))
>>> lengths
[100, 102, 50, 100]

Going back, each tells which rows of its input it needs for some rows of its output. To compute the rows 40 to 59 of the
result, 25 rows of the picture are enough:

>>> span = Span(40, 60)
>>> for layer in reversed(layers):
...     span = layer.needs(span)
...     print(type(layer).__name__, span.start, span.stop)
Scale 19 31
Window 38 63
Margin 37 62

At the edge, padding needs rows that do not exist. It makes them itself, from those that do:

>>> Margin(1, 1).needs(Span(0, 4)), Margin(1, 1).needs(Span(0, 4)).within(100)
(Span(start=-1, stop=3), Span(start=0, stop=3))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Span:
    """The indices from ``start`` up to, and without, ``stop``: rows or columns."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many indices there are."""
        return self.stop - self.start

    def within(self, length: int) -> Span:
        """The part of it that lies in an axis of this length."""
        return Span(min(max(self.start, 0), length), max(min(self.stop, length), 0))

    def hull(self, other: Span) -> Span:
        """The shortest span that holds both."""
        return Span(min(self.start, other.start), max(self.stop, other.stop))


class Reach(Protocol):
    """How far a layer sees along one axis."""

    def length(self, length: int) -> int:
        """The length of the output for an input of ``length``."""

    def needs(self, span: Span) -> Span:
        """The span of the input that this span of the output is computed from. It may reach past the input's edges,
        where the layer makes up what is not there."""


@dataclass(frozen=True)
class Window:
    """A convolution or pooling without padding: ``size`` input pixels (with dilation) for each output pixel, and
    ``step`` of them from one output pixel to the next."""

    size: int = 1
    step: int = 1

    def length(self, length: int) -> int:
        """See Reach."""
        return (length - self.size) // self.step + 1

    def needs(self, span: Span) -> Span:
        """See Reach."""
        return Span(span.start * self.step, (span.stop - 1) * self.step + self.size)


@dataclass(frozen=True)
class Margin:
    """Padding by ``before`` pixels in front of the first one and ``after`` pixels behind the last one."""

    before: int
    after: int

    def length(self, length: int) -> int:
        """See Reach."""
        return length + self.before + self.after

    def needs(self, span: Span) -> Span:
        """See Reach."""
        return Span(span.start - self.before, span.stop - self.before)


@dataclass(frozen=True)
class Spread:
    """A transposed convolution: every input pixel spreads to ``size`` output pixels, ``step`` further than the one
    before it; ``before`` and ``after`` are cut off at the ends."""

    size: int
    step: int
    before: int
    after: int

    def length(self, length: int) -> int:
        """See Reach."""
        return (length - 1) * self.step + self.size - self.before - self.after

    def needs(self, span: Span) -> Span:
        """See Reach."""
        first = -(-(span.start + self.before - self.size + 1) // self.step)
        return Span(first, (span.stop - 1 + self.before) // self.step + 1)


@dataclass(frozen=True)
class Scale:
    """Interpolation to ``factor`` times the length, between ``neighbours`` pixels on either side of a place."""

    factor: int
    neighbours: int = 1

    def length(self, length: int) -> int:
        """See Reach."""
        return length * self.factor

    def needs(self, span: Span) -> Span:
        """See Reach."""
        further = self.neighbours - 1
        first = (span.start - self.factor // 2) // self.factor
        return Span(first - further, (span.stop - 1) // self.factor + 2 + further)


@dataclass(frozen=True)
class Blocks:
    """Every pixel becomes a block of ``side`` pixels."""

    side: int

    def length(self, length: int) -> int:
        """See Reach."""
        return length * self.side

    def needs(self, span: Span) -> Span:
        """See Reach."""
        return Span(span.start // self.side, (span.stop - 1) // self.side + 1)
