"""Finds out by small pictures which sizes a network computes, and in words why it computes none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from server.engine.failure import NetworkFault
from server.engine.padding import padded_length
from server.errors import FilterProblem
from server.filters.answers import describe_failure, describe_shape

Shape = tuple[int, ...]

Probe = Callable[[int, int], Shape]
"""The shape of the network's answer to a picture of this height and width, N x C x H x W; raises what a library raises,
NetworkFault for values that are not finite, and FilterProblem for what no other size would change."""

# Networks that halve take multiples of these, and so do many that divide otherwise.
_BASES = (64, 96, 160, 224, 256)
_LEAST_BASE = 64
_LARGEST_BASE = 512


@dataclass
class Sizes:
    """The sizes that are multiples of ``multiple``, tried by ``probe``. The network's ``strides`` multiply to this, and
    ``set_multiple`` says how another multiple is given."""

    probe: Probe
    multiple: int
    strides: int
    set_multiple: Callable[[int], str]

    def least(self) -> int:
        """The least size from which on the network computes every multiple, no less than is always padded to. Raises
        FilterProblem, which says what is wrong, where it does not."""
        smallest = padded_length(1, self.multiple)
        first = self._failure(smallest, self.multiple)
        if first is None:
            return smallest
        base = self._base(smallest, first)
        if self._failure(base, self.multiple) is not None:
            raise self._wrong_multiple(base, smallest, first)
        return self._least_between(smallest, base)

    def _failure(self, least: int, multiple: int) -> Shape | Exception | None:
        """What comes of the least multiple no less than ``least`` and the next one, height and width, which only this
        multiple divides both: None if it is right."""
        height = padded_length(least, multiple)
        # Twice as large a picture would take too long to compute.
        return self._answer(height, height + multiple if height + multiple <= 2 * _LARGEST_BASE else height)

    def _answer(self, height: int, width: int) -> Shape | Exception | None:
        try:
            shape = self.probe(height, width)
        except FilterProblem:
            raise
        except Exception as error:
            return error
        return None if shape[:1] == (1,) and shape[2:] == (height, width) and shape[1] in (1, 3, 4) else shape

    def _base(self, smallest: int, first: Shape | Exception) -> int:
        """A size whose multiples the network computes. Raises FilterProblem where there is none."""
        for base in self._bases(smallest):
            outcome = self._answer(base, 2 * base)
            if outcome is None:
                return base
            if isinstance(outcome, tuple) and (told := describe_shape(outcome, base, 2 * base)):
                raise FilterProblem(told)
            if self._answer(base, base) is None:
                raise FilterProblem(
                    "It computes square pictures only; export it with a dynamic height and width that do not depend on"
                    " each other."
                )
            if isinstance(outcome, NetworkFault):  # which no other size would change
                break
        raise FilterProblem(
            f"It fails on test pictures, such as one of {smallest} x {smallest + self.multiple} pixels:"
            f" {describe_failure(first, smallest, smallest + self.multiple)}; check its layout, channels, multiple and"
            " output."
        )

    def _bases(self, smallest: int) -> Iterator[int]:
        own = math.lcm(self.multiple, self.strides)
        for number in (own * -(-_LEAST_BASE // own), *_BASES):
            base = math.lcm(self.multiple, number)
            if smallest <= base <= _LARGEST_BASE:
                yield base

    def _wrong_multiple(self, base: int, smallest: int, first: Shape | Exception) -> FilterProblem:
        divisors = (number for number in range(1, base + 1) if base % number == 0 and self.multiple % number)
        found = next((number for number in divisors if self._failure(base, number) is None), base)
        what = describe_failure(first, smallest, smallest + self.multiple)
        return FilterProblem(
            f"It takes pictures whose height and width are multiples of {found}, not of {self.multiple} (of"
            f" {smallest} x {smallest + self.multiple} pixels: {what}); {self.set_multiple(found)}."
        )

    def _least_between(self, failing: int, right: int) -> int:
        """By halving what is between; both are multiples."""
        while right - failing > self.multiple:
            middle = (failing + right) // 2 // self.multiple * self.multiple
            if self._failure(middle, self.multiple) is None:
                right = middle
            else:
                failing = middle
        return right
