"""The kernels' structures, field by field as ``cuda/`` declares them."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int, c_longlong, c_void_p

from server.engine.fused.kernel_operands import BoundView, StoredPicture
from server.engine.fused.steps import Taps, Upsampling
from server.engine.network.operations import Pad

_BORDERS = {"constant": 1, "reflect": 2, "edge": 3}


class ViewArgument(ctypes.Structure):
    """The structure View, in ``cuda/values.cu``."""

    _fields_ = (("data", c_void_p), ("first", c_longlong), ("pitch", c_longlong))


def _ints(*names: str) -> list[tuple[str, type[c_int]]]:
    return [(name, c_int) for name in names]


class GlueArgument(ctypes.Structure):
    """The structure Glue, in ``cuda/glue.cu``."""

    _fields_ = (
        ("out", c_void_p),
        ("source", ViewArgument),
        ("residual", ViewArgument),
        ("factor", c_void_p),
        ("offset", c_void_p),
        ("taps", c_void_p),
        ("first_row", c_longlong),
        *_ints("channels", "height", "width", "sampled_height", "sampled_width", "out_width", "rows"),
        *_ints("inner_border", "inner_top", "inner_left"),
        ("inner_value", c_float),
        *_ints("outer_border", "outer_top", "outer_left"),
        ("outer_value", c_float),
        ("activation", c_int),
        ("slope", c_float),
        *_ints("kernel_height", "kernel_width", "stride_height", "stride_width"),
    )


def view_argument(stored: StoredPicture | None) -> ViewArgument:
    """A stored picture as the kernels take it; None where there is none."""
    return ViewArgument(None, 0, 0) if stored is None else ViewArgument(stored.address, stored.first, stored.pitch)


def glue_argument(seen: BoundView, out: int, *, first_row: int, rows: int) -> GlueArgument:
    """What stores the rows of a view from ``first_row`` on at the address ``out``."""
    view = seen.view
    kernel, strides = _sampling(view.sampling)
    return GlueArgument(
        out,
        view_argument(seen.source),
        view_argument(seen.residual),
        seen.norm.factor if seen.norm else None,
        seen.norm.offset if seen.norm else None,
        seen.taps,
        first_row,
        seen.size.channels,
        seen.size.height,
        seen.size.width,
        seen.sampled.height,
        seen.sampled.width,
        seen.width,
        rows,
        *_border(view.inner),
        *_border(view.outer),
        int(view.activation),
        view.slope,
        *kernel,
        *strides,
    )


def _border(pad: Pad | None) -> tuple[int, int, int, float]:
    if pad is None:
        return 0, 0, 0, 0.0
    rows, columns = pad.axes
    return _BORDERS[pad.mode], rows.before, columns.before, pad.value


def _sampling(sampling: Taps | Upsampling | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """The taps' height and width, and the steps from one sample to the next, or the factors, in both directions."""
    match sampling:
        case Taps():
            height, width = sampling.weights.shape
            return (height, width), sampling.strides
        case Upsampling():
            return (0, 0), sampling.factors
    return (0, 0), (1, 1)
