"""Panels with axes and lines, drawn as an SVG by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 320
COLOURS = ("#1f6fb2", "#c8553d", "#3a8f4c", "#8a5fb0", "#b08a1f", "#555555", "#2a9d96")
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 34, 64  # pixels around a panel
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """Values from ``low`` to ``high``; a logarithmic one begins above 0."""

    high: float
    low: float = 0.0
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where the value is: 0 at the beginning, 1 at the end. What is below the beginning is drawn there."""
        value = max(self.low, value)
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        return _powers(self.low, self.high) if self.logarithmic else _round_numbers(self.high)


@dataclass(frozen=True)
class Panel:
    """One pair of axes; ``left`` is where its half of the drawing begins, and ``below`` stands under it."""

    left: float
    title: str
    below: str
    horizontal: Axis
    vertical: Axis

    def x(self, value: float) -> float:
        return self.left + _LEFT + self.horizontal.share(value) * (WIDTH / 2 - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - self.vertical.share(value) * (HEIGHT - _TOP - _BOTTOM)

    def frame(self) -> list[str]:
        first, last = self.horizontal.low, self.horizontal.high
        parts = [text(self.x(first), _TOP - 14, self.title, "start")]
        for value in self.vertical.ticks():
            parts += self.line([(first, value), (last, value)], "#e4e4e4", dots=False)
            parts.append(text(self.x(first) - 6, self.y(value) + 4, f"{value:g}", "end"))
        for value in self.horizontal.ticks():
            parts.append(text(self.x(value), self.y(self.vertical.low) + 16, f"{value:g}", "middle"))
        middle = (self.x(first) + self.x(last)) / 2
        parts.append(text(middle, self.y(self.vertical.low) + 31, self.below, "middle"))
        return parts

    def line(
        self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False, dots: bool = True
    ) -> list[str]:
        places = [(self.x(value), self.y(height)) for value, height in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        style = ' stroke-dasharray="5 4"' if dashed else ""
        width = 2 if dots and not dashed else 1
        parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{style}/>']
        if dots and not dashed:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        return parts


def document(parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def legend(labels: Sequence[str]) -> list[str]:
    """One line below the panels, in the order of the colours."""
    parts, x = [], float(_LEFT)
    for label, colour in zip(labels, COLOURS, strict=False):
        parts.append(f'<circle cx="{x + 4:.1f}" cy="{HEIGHT - 14}" r="4" fill="{colour}"/>')
        parts.append(text(x + 14, HEIGHT - 10, label, "start"))
        x += 30 + 6.5 * len(label)
    return parts


def text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{escape(words)}</text>'


def _round_numbers(highest: float) -> list[float]:
    """From 0 up to ``highest``, about five of them."""
    power = 10.0 ** (len(f"{int(highest)}") - 2) if highest >= 1 else 0.01
    candidates = [power * 10**zeros * step for zeros in range(3) for step in _STEPS]
    step = next(step for step in candidates if highest / step <= 6)
    return [round(step * count, 6) for count in range(int(highest / step) + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Powers of 4 between both."""
    first, last = math.ceil(math.log(low, 4) - 1e-9), math.floor(math.log(high, 4) + 1e-9)
    return [4.0**power for power in range(first, last + 1)]
