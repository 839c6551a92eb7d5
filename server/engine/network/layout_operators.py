"""Operations that only move, join or cut what is there: changes of shape, of the order of axes and of channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from server.engine.network.lengths import Length, lifted, product
from server.engine.network.operations import Channels, Concat, DepthToSpace, SpaceToDepth
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.plain_pictures import picture, same_axis
from server.engine.network.reshaping import reshaped
from server.engine.network.spans import Blocks, Window
from server.engine.network.spreading import spread
from server.engine.network.tensor_view import CHANNELS, TensorView
from server.engine.network.unsupported import UnsupportedNetwork

_rest = lifted(lambda length, step: length % step)


def read_reshape(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Reshape, whose shape is an attribute before opset 5."""
    view, shape = partial.view(node), partial.numbers(node, 1) or []
    if not attributes.get("allowzero", 0):
        old = view.shape
        shape = [
            old[place] if not isinstance(length, Length) and length == 0 and place < len(old) else length
            for place, length in enumerate(shape)
        ]
    partial.views[node.output[0]] = reshaped(view, shape, partial.sizes, node.op_type)


def read_flatten(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Flatten: two axes, of what is before ``axis`` and of the rest."""
    view = partial.view(node)
    axis = attributes.get("axis", 1)
    axis += len(view.axes) if axis < 0 else 0
    shape = [product(view.shape[:axis]), product(view.shape[axis:])]
    partial.views[node.output[0]] = reshaped(view, shape, partial.sizes, node.op_type)


def read_transpose(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Transpose."""
    view = partial.view(node)
    order = attributes.get("perm", range(len(view.axes))[::-1])
    axes = tuple(view.axes[axis] for axis in order)
    partial.views[node.output[0]] = replace(view, axes=axes, made_by="Transpose")


def read_squeeze(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Squeeze, of axes of one index; by default all of them."""
    view = partial.view(node)
    given = _axes(partial, node, attributes)
    rank = len(view.axes)
    gone = {axis % rank for axis in given} if given is not None else {a for a in range(rank) if not view.axes[a]}
    if any(view.axes[axis] for axis in gone):
        raise UnsupportedNetwork("Squeeze", "of axes with more than one index")
    axes = tuple(shown for axis, shown in enumerate(view.axes) if axis not in gone)
    partial.views[node.output[0]] = replace(view, axes=axes, made_by="Squeeze")


def read_unsqueeze(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Unsqueeze."""
    view = partial.view(node)
    given = _axes(partial, node, attributes) or []
    rank = len(view.axes) + len(given)
    new, old = {axis % rank for axis in given}, iter(view.axes)
    axes = tuple(() if axis in new else next(old) for axis in range(rank))
    partial.views[node.output[0]] = replace(view, axes=axes, made_by="Unsqueeze")


def read_expand(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Expand to the shape that there is, and of one pixel to a picture."""
    view, shape = partial.view(node), partial.numbers(node, 1) or []
    old = [*[1] * (len(shape) - len(view.axes)), *view.shape]
    wanted = [*[1] * (len(old) - len(shape)), *shape]
    changes = [
        not (partial.sizes.same(new, 1) or partial.sizes.same(new, was)) for was, new in zip(old, wanted, strict=True)
    ]
    if not any(changes) and len(old) == len(view.axes):
        partial.views[node.output[0]] = view
    elif view.layer in partial.points and len(old) == 4 and changes == [False, False, True, True]:
        spread(partial, node, view, [*old[:2], *wanted[2:]])
    else:
        raise UnsupportedNetwork("Expand", "to more channels or other axes than height and width")


def read_concat(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Concat along the channels, in whatever order of axes they are."""
    views = [partial.view(node, index) for index in range(len(node.input))]
    first, rank = views[0], len(views[0].axes)
    axis = attributes["axis"] % rank
    if any(len(view.axes) != rank or view.axis_of_channels() != axis for view in views):
        if rank != 4 or axis != 1:
            raise UnsupportedNetwork("Concat", "along another axis than the channels")
        views = [partial.plain(picture(partial, node, index)) for index in range(len(node.input))]
        first = views[0]
    if len({view.layer in partial.points for view in views}) > 1 or not all(
        same_axis(partial, first.axes[place], view.axes[place])
        for view in views
        for place in range(rank)
        if place != axis
    ):
        raise UnsupportedNetwork("Concat", "of pictures of different sizes or orders of axes")
    partial.add_like(node.output[0], first, tuple(view.layer for view in views), Concat())


def read_split(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Split along the channels."""
    view = partial.view(node)
    _check_axis(node, view, attributes.get("axis", 0))
    given = partial.numbers(node, 1) or list(attributes.get("split", ()))
    part = -(-view.channels // len(node.output))
    lengths = [int(length) for length in given] or [part] * (view.channels // part) + [view.channels % part or part]
    start = 0
    for name, length in zip(node.output, lengths, strict=False):
        _take(partial, name, view, range(start, start + length))
        start += length


def read_slice(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Slice along the channels."""
    view = partial.view(node)
    starts, stops = (
        [int(place) for place in (attributes[name] if name in attributes else partial.required(node, index))]
        for index, name in ((1, "starts"), (2, "ends"))
    )
    axes = partial.numbers(node, 3) or list(attributes.get("axes", range(len(starts))))
    steps = partial.numbers(node, 4) or [1] * len(starts)
    numbers = range(view.channels)
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        if (start, step) == (0, 1) and stop >= np.iinfo(np.int32).max:
            continue
        _check_axis(node, view, axis)
        numbers = numbers[int(start) : int(stop) : int(step)]
    _take(partial, node.output[0], view, numbers)


def read_gather(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Gather along the channels."""
    view, places = partial.view(node), partial.required(node, 1)
    _check_axis(node, view, attributes.get("axis", 0))
    if places.ndim != 1:
        raise UnsupportedNetwork("Gather", "of other than a list of channels")
    _take(partial, node.output[0], view, [int(place) % view.channels for place in places])


def read_depth_to_space(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads DepthToSpace."""
    side, mode = int(attributes["blocksize"]), attributes.get("mode", b"DCR").decode()
    axes = (Blocks(side), Blocks(side))
    partial.add(node.output[0], (picture(partial, node),), DepthToSpace(side, mode, axes))


def read_space_to_depth(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads SpaceToDepth."""
    side, seen = int(attributes["blocksize"]), picture(partial, node)
    for axis in partial.plain(seen).axes[2:]:
        for factor in axis:
            if not partial.sizes.same(_rest(factor.length, side), 0):
                raise UnsupportedNetwork("SpaceToDepth", "of sizes that are no multiples of its blocks")
    partial.add(node.output[0], (seen,), SpaceToDepth(side, (Window(side, side), Window(side, side))))


def _take(partial: PartialNetwork, name: str, view: TensorView, numbers: range | list[int]) -> None:
    if not numbers:
        raise UnsupportedNetwork("Slice", "that leaves no channels")
    if list(numbers) == list(range(view.channels)):
        partial.views[name] = view
    else:
        partial.add_like(name, view, (view.layer,), Channels(tuple(numbers)))


def _check_axis(node: onnx.NodeProto, view: TensorView, axis: int) -> None:
    if view.dimension(axis % len(view.axes)) != CHANNELS:
        raise UnsupportedNetwork(node.op_type, "along another axis than the channels")


def _axes(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> list[int] | None:
    given = attributes["axes"] if "axes" in attributes else partial.constant(node, 1)
    return None if given is None else [int(axis) for axis in np.asarray(given).reshape(-1)]
