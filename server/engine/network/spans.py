"""Which rows (or columns) of a layer's input its output needs: intervals and the ways that layers map them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Span:
    """The indices from ``start`` up to and without ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def within(self, length: int) -> Span:
        """Without what lies before 0 or past ``length``."""
        return Span(min(max(self.start, 0), length), max(min(self.stop, length), 0))

    def hull(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.stop, other.stop))


class Reach(Protocol):
    """One axis of a layer."""

    def length(self, length: int) -> int:
        """Of the output, for an input of ``length``."""

    def needs(self, span: Span) -> Span:
        """Of the input, for this of the output; it may lie partly outside, where the layer has its own way."""


@dataclass(frozen=True)
class Window:
    """A convolution or pooling without padding; ``size`` is dilated."""

    size: int = 1
    step: int = 1

    def length(self, length: int) -> int:
        return (length - self.size) // self.step + 1

    def needs(self, span: Span) -> Span:
        return Span(span.start * self.step, (span.stop - 1) * self.step + self.size)


@dataclass(frozen=True)
class Margin:
    """Padding."""

    before: int
    after: int

    def length(self, length: int) -> int:
        return length + self.before + self.after

    def needs(self, span: Span) -> Span:
        return Span(span.start - self.before, span.stop - self.before)


@dataclass(frozen=True)
class Spread:
    """A transposed convolution, of whose full output ``before`` and ``after`` are cut off."""

    size: int
    step: int
    before: int
    after: int

    def length(self, length: int) -> int:
        return (length - 1) * self.step + self.size - self.before - self.after

    def needs(self, span: Span) -> Span:
        first = -(-(span.start + self.before - self.size + 1) // self.step)
        return Span(first, (span.stop - 1 + self.before) // self.step + 1)


@dataclass(frozen=True)
class Scale:
    """Interpolation between neighbours, ``factor`` times as large."""

    factor: int

    def length(self, length: int) -> int:
        return length * self.factor

    def needs(self, span: Span) -> Span:
        return Span((span.start - self.factor // 2) // self.factor, (span.stop - 1) // self.factor + 2)
