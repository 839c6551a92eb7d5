"""Which rows of a value a view reads for some of the rows that it shows."""

from __future__ import annotations

from collections.abc import Mapping

from server.engine.fused.steps import FusedView, Taps, Upsampling
from server.engine.network.network import Size
from server.engine.network.spans import Scale, Span, Window


def rows_read(view: FusedView, shown: str, span: Span, sizes: Mapping[str, Size]) -> Span:
    """The rows of the view's value that these rows of what it shows depend on. That has the size of the layer
    ``shown``; ``sizes`` are the layers', by name."""
    height, sampled = sizes[view.value].height, sizes[shown].height
    if view.outer is not None:
        axis = view.outer.axes[0]
        sampled = sampled - axis.before - axis.after
        span = _without_border(axis.needs(span), sampled, view.outer.mode)
    match view.sampling:
        case Taps():
            span = Window(view.sampling.weights.shape[0], view.sampling.strides[0]).needs(span)
            if view.inner is not None:
                span = _without_border(view.inner.axes[0].needs(span), height, view.inner.mode)
        case Upsampling():
            span = _without_border(Scale(view.sampling.factors[0]).needs(span), height, "edge")
    return span


def _without_border(span: Span, length: int, mode: str) -> Span:
    """The rows of a picture of ``length`` rows that show in a span of it with a border, which may reach outside."""
    start, stop = min(max(span.start, 0), length - 1), max(min(span.stop, length), 1)
    if mode == "reflect":
        stop = max(stop, min(1 - span.start, length))
        start = min(start, max(2 * length - 1 - span.stop, 0))
    return Span(start, stop)
