"""Resize and Upsample, as layers: by whole factors, however the graph says by which."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from server.engine.network.lengths import Length, Number, lifted
from server.engine.network.operations import Resize
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.spans import Scale
from server.engine.network.spreading import spread
from server.engine.network.tensor_view import COLUMNS, ROWS, TensorView
from server.engine.network.unsupported import UnsupportedNetwork

_KEPT = ("mode", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "exclude_outside")
_COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric")
_NEIGHBOURS = {"nearest": 1, "linear": 1, "cubic": 2}

_times = lifted(lambda length, factor: length * factor)
_grown = lifted(lambda length, scale: int(length * scale))
_factor = lifted(lambda length, old: length // old)


def read_resize(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Resize, by scales or to a size, which may be that of another tensor."""
    if len(node.input) == 2:  # before opset 11
        read_upsample(partial, node, attributes)
        return
    view = partial.view(node)
    scales, lengths = partial.numbers(node, 2), partial.numbers(node, 3)
    if attributes.get("keep_aspect_ratio_policy", b"stretch") != b"stretch" or attributes.get("antialias", 0):
        raise UnsupportedNetwork("Resize", "with a given aspect ratio or against aliasing")
    if scales is not None:
        _resized(partial, node, attributes, _lengths(view, _spread_over(view, scales, attributes, 1.0)))
    elif lengths is not None:
        whole = view.shape
        axes = _axes(view, attributes)
        for axis, length in zip(axes, lengths, strict=True):
            whole[axis] = length
        _resized(partial, node, attributes, whole)
    else:
        raise UnsupportedNetwork("Resize", "by nothing that is given")


def read_upsample(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Upsample, and Resize before opset 11."""
    scales = list(attributes["scales"]) if "scales" in attributes else partial.numbers(node, 1)
    changes = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor"}
    _resized(partial, node, {**attributes, **changes}, _lengths(partial.view(node), scales or []))


def _axes(view: TensorView, attributes: Attributes) -> list[int]:
    return [axis % len(view.axes) for axis in attributes.get("axes", range(len(view.axes)))]


def _spread_over(view: TensorView, values: Sequence[Number], attributes: Attributes, default: Number) -> list[Number]:
    found = [default] * len(view.axes)
    for axis, value in zip(_axes(view, attributes), values, strict=True):
        found[axis] = value
    return found


def _lengths(view: TensorView, scales: Sequence[Number]) -> list[Number]:
    """The shape that comes of scales; what of a fraction is kept shows that it is none of whole factors."""
    if len(scales) != len(view.axes):
        raise UnsupportedNetwork("Resize", "of other axes than height and width")
    return [_times(length, scale) for length, scale in zip(view.shape, scales, strict=True)]


def _resized(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, shape: Sequence[Number]) -> None:
    view = partial.view(node)
    if view.layer in partial.points and any(isinstance(length, Length) for length in shape):
        spread(partial, node, view, shape)
        return
    factors = {ROWS: 1, COLUMNS: 1}
    for axis, (old, new) in enumerate(zip(view.shape, shape, strict=True)):
        dimension = view.dimension(axis)
        factor = partial.sizes.settled(_factor(new, old))
        if factor is None or factor < 1 or not partial.sizes.same(_times(old, factor), new):
            raise UnsupportedNetwork(node.op_type, "by something other than a whole factor of height and width")
        if dimension in factors:
            factors[dimension] = int(factor)
        elif factor != 1:
            raise UnsupportedNetwork(node.op_type, "of other axes than height and width")
    _append(partial, node, attributes, (factors[ROWS], factors[COLUMNS]))


def _append(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, factors: tuple[int, int]) -> None:
    view = partial.view(node)
    if factors == (1, 1):
        partial.views[node.output[0]] = view
        return
    mode = attributes.get("mode", b"nearest").decode()
    coordinates = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    if mode not in _NEIGHBOURS or coordinates not in _COORDINATES:
        raise UnsupportedNetwork(node.op_type, f"{mode}, {coordinates}")
    kept = {name: attributes[name] for name in _KEPT if name in attributes}
    rows, columns = (Scale(factor, _NEIGHBOURS[mode]) for factor in factors)
    partial.add_like(node.output[0], view, (view.layer,), Resize(factors, kept, (rows, columns)))
