"""Patch distance and structure over training time, drawn as an SVG by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 320
COLOURS = ("#1f6fb2", "#c8553d", "#3a8f4c", "#8a5fb0", "#b08a1f", "#555555")
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 34, 64  # pixels around a panel
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Curve:
    """One run: times in seconds, and what was measured then. ``own`` is the painting's own distance."""

    label: str
    own: float
    seconds: Sequence[float]
    distances: Sequence[float]
    structures: Sequence[float]


def draw(curves: Sequence[Curve]) -> str:
    """Two panels side by side, distance and structure, with one legend below."""
    latest = max(second for curve in curves for second in curve.seconds)
    highest = max(max(curve.own, *curve.distances) for curve in curves)
    distance = _Panel(0, "distance to the photo (lower is better)", latest, 1.1 * highest)
    structure = _Panel(WIDTH / 2, "structure kept (1 is the painting's)", latest, 1.0)
    parts = [*distance.frame(), *structure.frame()]
    own = [(0.0, curves[0].own), (latest, curves[0].own)]
    parts += distance.line(own, "#888888", dashed=True)
    parts.append(_text(distance.x(latest), distance.y(curves[0].own) - 5, "the painting itself", "end"))
    for curve, colour in zip(curves, COLOURS, strict=False):
        parts += distance.line(list(zip(curve.seconds, curve.distances, strict=True)), colour)
        parts += structure.line(list(zip(curve.seconds, curve.structures, strict=True)), colour)
    parts += _legend(curves)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


@dataclass(frozen=True)
class _Panel:
    """One pair of axes from 0 to ``latest`` and ``highest``; ``left`` is where its half of the drawing begins."""

    left: float
    title: str
    latest: float
    highest: float

    def x(self, seconds: float) -> float:
        return self.left + _LEFT + seconds / self.latest * (WIDTH / 2 - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - max(0.0, value) / self.highest * (HEIGHT - _TOP - _BOTTOM)

    def frame(self) -> list[str]:
        parts = [_text(self.x(0), _TOP - 14, self.title, "start")]
        for value in _ticks(self.highest):
            parts += self.line([(0, value), (self.latest, value)], "#e4e4e4", dots=False)
            parts.append(_text(self.x(0) - 6, self.y(value) + 4, f"{value:g}", "end"))
        for second in _ticks(self.latest):
            parts.append(_text(self.x(second), self.y(0) + 16, f"{second:g}", "middle"))
        parts.append(_text(self.x(self.latest / 2), self.y(0) + 31, "seconds of one processor core", "middle"))
        return parts

    def line(
        self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False, dots: bool = True
    ) -> list[str]:
        places = [(self.x(second), self.y(value)) for second, value in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        style = ' stroke-dasharray="5 4"' if dashed else ""
        width = 2 if dots and not dashed else 1
        parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{style}/>']
        if dots and not dashed:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        return parts


def _legend(curves: Sequence[Curve]) -> list[str]:
    parts, x = [], float(_LEFT)
    for curve, colour in zip(curves, COLOURS, strict=False):
        parts.append(f'<circle cx="{x + 4:.1f}" cy="{HEIGHT - 14}" r="4" fill="{colour}"/>')
        parts.append(_text(x + 14, HEIGHT - 10, curve.label, "start"))
        x += 30 + 6.5 * len(curve.label)
    return parts


def _ticks(highest: float) -> list[float]:
    """Round numbers from 0 up to ``highest``, about five of them."""
    power = 10.0 ** (len(f"{int(highest)}") - 2) if highest >= 1 else 0.01
    candidates = [power * 10**zeros * step for zeros in range(3) for step in _STEPS]
    step = next(step for step in candidates if highest / step <= 6)
    return [round(step * count, 6) for count in range(int(highest / step) + 1)]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{escape(text)}</text>'
