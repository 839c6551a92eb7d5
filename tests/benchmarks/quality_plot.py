"""Patch distance and structure over training time, drawn as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.plot import COLOURS, WIDTH, Axis, Panel, document, legend, text

_BELOW = "seconds of one processor core"


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
    time = Axis(latest)
    distance = Panel(0, "distance to the photo (lower is better)", _BELOW, time, Axis(1.1 * highest))
    structure = Panel(WIDTH / 2, "structure kept (1 is the painting's)", _BELOW, time, Axis(1.0))
    parts = [*distance.frame(), *structure.frame()]
    own = [(0.0, curves[0].own), (latest, curves[0].own)]
    parts += distance.line(own, "#888888", dashed=True)
    parts.append(text(distance.x(latest), distance.y(curves[0].own) - 5, "the painting itself", "end"))
    for curve, colour in zip(curves, COLOURS, strict=False):
        parts += distance.line(list(zip(curve.seconds, curve.distances, strict=True)), colour)
        parts += structure.line(list(zip(curve.seconds, curve.structures, strict=True)), colour)
    return document(parts + legend([curve.label for curve in curves]))
