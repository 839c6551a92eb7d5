"""Convolutions, padding and pooling, as layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from server.engine.network.arrays import Array
from server.engine.network.operations import Channels, Convolution, Pad, Pointwise, Pool, TransposedConvolution
from server.engine.network.padding import pads_of, same_pads
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.plain_pictures import picture
from server.engine.network.spans import Margin, Spread, Window
from server.engine.network.tensor_view import COLUMNS, ROWS
from server.engine.network.unsupported import UnsupportedNetwork

_LOWEST = float(np.finfo(np.float32).min)


def read_convolution(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Conv; its padding, if any, becomes a layer of its own."""
    weight, strides, dilations = partial.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    _check_two_axes(node, weight)
    axes = _windows((int(weight.shape[2]), int(weight.shape[3])), strides, dilations)
    operation = Convolution(
        weight=weight,
        bias=partial.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=axes,
    )
    seen = picture(partial, node)
    pads = pads_of(partial, node, attributes, seen, axes)
    partial.add(node.output[0], (partial.padded(seen, node, pads),), operation)


def read_transposed(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads ConvTranspose."""
    weight, strides, dilations = partial.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    _check_two_axes(node, weight)
    if "output_shape" in attributes:
        raise UnsupportedNetwork(node.op_type, "an output of a given shape")
    extra = attributes.get("output_padding", (0, 0))
    sizes = [(weight.shape[2 + axis] - 1) * dilations[axis] + 1 for axis in (0, 1)]
    pads = _transposed_pads(partial, node, attributes, [size - step for size, step in zip(sizes, strides, strict=True)])
    spreads = []
    for axis in (0, 1):
        before, after = pads[axis], pads[axis + 2] - extra[axis]
        if after < 0:
            raise UnsupportedNetwork(node.op_type, "more output padding than padding")
        if strides[axis] > weight.shape[2 + axis]:
            raise UnsupportedNetwork(node.op_type, "strides larger than its kernel, which leave gaps")
        spreads.append(Spread(sizes[axis], strides[axis], before, after))
    operation = TransposedConvolution(
        weight=weight,
        bias=partial.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=(spreads[0], spreads[1]),
    )
    partial.add(node.output[0], (picture(partial, node),), operation)


def read_product(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads MatMul and Gemm of every pixel's channels, the last axis: a 1 x 1 convolution."""
    view, weight = partial.view(node), partial.required(node, 1)
    scale, shift = float(attributes.get("alpha", 1.0)), float(attributes.get("beta", 1.0))
    if attributes.get("transB", 0):
        weight = weight.T
    channels = view.axis_of_channels()
    if weight.ndim != 2 or attributes.get("transA", 0) or channels != len(view.axes) - 1:
        raise UnsupportedNetwork(node.op_type, "along another axis than the channels")
    if weight.shape[0] != view.channels:
        raise UnsupportedNetwork(node.op_type, "along another axis than the channels")
    bias = partial.constant(node, 2)
    operation = Convolution(
        weight=np.ascontiguousarray(weight.T * scale if scale != 1 else weight.T)[:, :, None, None],
        bias=None if bias is None else np.broadcast_to(bias * shift if shift != 1 else bias, weight.shape[1:]).copy(),
        strides=(1, 1),
        dilations=(1, 1),
        groups=1,
        axes=(Window(), Window()),
    )
    partial.add_like(node.output[0], view, (view.layer,), operation)


def read_pad(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Pad, whose margins and value are attributes before opset 11."""
    view = partial.view(node)
    rank = len(view.axes)
    given = attributes["pads"] if "pads" in attributes else partial.required(node, 1)
    pads, mode = [int(pad) for pad in given], attributes.get("mode", b"constant").decode()
    axes = partial.constant(node, 3)
    if axes is not None:
        pads = _on_all_axes(pads, [int(axis) % rank for axis in axes], rank)
    if not any(pads):
        partial.views[node.output[0]] = view
        return
    margins = {view.dimension(axis): (pads[axis], pads[axis + rank]) for axis in range(rank)}
    others = [axis for axis in range(rank) if view.dimension(axis) not in (ROWS, COLUMNS)]
    if (
        any(pads[axis] or pads[axis + rank] for axis in others)
        or not {ROWS, COLUMNS} <= margins.keys()
        or min(pads) < 0
    ):
        raise UnsupportedNetwork("Pad", "of other axes than height and width, or by less than nothing")
    if mode not in ("constant", "reflect", "edge"):
        raise UnsupportedNetwork("Pad", f"mode {mode}")
    value = partial.constant(node, 2)
    filling = float(attributes.get("value", 0.0) if value is None else value.reshape(()))
    operation = Pad(mode, filling, (Margin(*margins[ROWS]), Margin(*margins[COLUMNS])))
    partial.add_like(node.output[0], view, (view.layer,), operation)


def read_pool(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads AveragePool and MaxPool; padding becomes a layer of its own."""
    if attributes.get("ceil_mode", 0) or len(node.output) > 1:
        raise UnsupportedNetwork(node.op_type, "with rounding up or the places of maxima")
    if _two(attributes, "dilations") != (1, 1) or len(attributes["kernel_shape"]) != 2:
        raise UnsupportedNetwork(node.op_type, "with dilation or of other axes than height and width")
    kernel, strides = _two(attributes, "kernel_shape"), _two(attributes, "strides")
    windows = _windows(kernel, strides, (1, 1))
    operation = Pool(node.op_type, kernel, strides, windows)
    seen, name = picture(partial, node), node.output[0]
    pads = pads_of(partial, node, attributes, seen, windows)
    filling = _LOWEST if node.op_type == "MaxPool" else 0.0
    if node.op_type == "MaxPool" or not any(pads) or attributes.get("count_include_pad", 0):
        partial.add(name, (partial.padded(seen, node, pads, filling),), operation)
        return
    partial.add(f"{name}/sum", (partial.padded(seen, node, pads),), operation)
    partial.add(f"{name}/share", (_ones(partial, node, seen, pads),), operation)
    partial.add(name, (f"{name}/sum", f"{name}/share"), Pointwise("Div", (0, 1), {}))


def _ones(partial: PartialNetwork, node: onnx.NodeProto, seen: str, pads: tuple[int, int, int, int]) -> str:
    """A layer that is 1 inside the picture and 0 in the padding around it: its average is the share that is inside."""
    name = f"{node.output[0]}/inside"
    partial.add(f"{name}/one", (seen,), Channels((0,)))
    partial.add(f"{name}/zero", (f"{name}/one",), Pointwise("Mul", (0, np.zeros((), np.float32)), {}))
    partial.add(name, (f"{name}/zero",), Pointwise("Add", (0, np.ones((), np.float32)), {}))
    top, left, bottom, right = pads
    partial.add(f"{name}/padded", (name,), Pad("constant", 0.0, (Margin(top, bottom), Margin(left, right))))
    return f"{name}/padded"


def _transposed_pads(
    partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, totals: Sequence[int]
) -> tuple[int, int, int, int]:
    """What a transposed convolution cuts off; with automatic padding, as much as leaves the input's size times the
    strides."""
    auto_pad = attributes.get("auto_pad", b"NOTSET")
    if auto_pad in (b"NOTSET", b"VALID"):
        return pads_of(partial, node, attributes, "", ())
    extra = attributes.get("output_padding", (0, 0))
    return same_pads(node, auto_pad, [total + more for total, more in zip(totals, extra, strict=True)])


def _two(attributes: Attributes, name: str) -> tuple[int, int]:
    given = attributes.get(name, (1, 1))
    return int(given[0]), int(given[-1])


def _check_two_axes(node: onnx.NodeProto, weight: Array) -> None:
    if weight.ndim != 4:
        raise UnsupportedNetwork(node.op_type, "along other axes than height and width")


def _windows(kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> tuple[Window, Window]:
    rows, columns = (
        Window((size - 1) * dilation + 1, stride)
        for size, stride, dilation in zip(kernel, strides, dilations, strict=True)
    )
    return rows, columns


def _on_all_axes(pads: Sequence[int], axes: Sequence[int], rank: int) -> list[int]:
    spread = [0] * (2 * rank)
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        spread[axis], spread[axis + rank] = before, after
    return spread
