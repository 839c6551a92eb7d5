"""Time and memory against size, drawn as an SVG."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.plot import COLOURS, WIDTH, Axis, Panel, document, legend
from tests.benchmarks.serving.ladder import MEGAPIXEL, Rung
from tests.benchmarks.serving.peers import MATMULS
from tests.benchmarks.serving.turns import Result

_GIBIBYTE = 1 << 30
Points = dict[float, tuple[float, float]]  # megapixels to seconds and GiB


def draw(results: Sequence[Result], rungs: Sequence[Rung]) -> str:
    """A curve for each peer and one for the limited server; both axes of both panels are logarithmic."""
    curves = _curves(results, rungs)
    sizes = [size for points in curves.values() for size in points]
    pairs = [pair for points in curves.values() for pair in points.values()]
    across = _axis(sizes)
    time = Panel(0, "seconds", "megapixels", across, _axis([seconds for seconds, _ in pairs]))
    memory = Panel(WIDTH / 2, "memory, GiB", "megapixels", across, _axis([gibibytes for _, gibibytes in pairs]))
    parts = [*time.frame(), *memory.frame()]
    for points, colour in zip(curves.values(), COLOURS, strict=False):
        parts += time.line([(size, seconds) for size, (seconds, _) in points.items()], colour)
        parts += memory.line([(size, gibibytes) for size, (_, gibibytes) in points.items()], colour)
    return document(parts + legend(list(curves)))


def _curves(results: Sequence[Result], rungs: Sequence[Rung]) -> dict[str, Points]:
    curves: dict[str, Points] = {}
    for result in results:
        if result.measured and result.name not in MATMULS and result.memory:
            points = curves.setdefault(result.name, {})
            points[result.side**2 / MEGAPIXEL] = result.median, result.memory / _GIBIBYTE
    for rung in rungs:
        if rung.seconds and rung.memory:
            curves.setdefault("server, limited", {})[rung.megapixels] = rung.seconds, rung.memory / _GIBIBYTE
    return curves


def _axis(values: Sequence[float]) -> Axis:
    return Axis(max(values) * 1.25, min(values) / 1.25, logarithmic=True)
