"""What an operand is as a picture, 1 x C x H x W, where a graph took layers apart and put them together otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx

from server.engine.network.operations import Channels, DepthToSpace, SpaceToDepth
from server.engine.network.partial_network import PartialNetwork
from server.engine.network.spans import Blocks, Window
from server.engine.network.tensor_view import CHANNELS, COLUMNS, ROWS, Axis, Factor, TensorView, joined
from server.engine.network.unsupported import UnsupportedNetwork


def picture(partial: PartialNetwork, node: onnx.NodeProto, index: int = 0) -> str:
    """The name of the layer that the operand at this index shows as it is, perhaps after one that moves pixels into
    channels or back is appended. Raises UnsupportedNetwork where there is none."""
    made = laid_out(partial, partial.view(node, index), f"{node.output[0]}/{index}", node.op_type)
    partial.views[node.input[index]] = partial.plain(made)
    return made


def laid_out(partial: PartialNetwork, view: TensorView, name: str, operation: str) -> str:
    """The same of a view that ``operation`` takes; names of layers that are appended begin with ``name``."""
    if is_plain(partial, view):
        return view.layer
    made = _shuffled(partial, view, name)
    if made is None:
        raise UnsupportedNetwork(view.made_by or operation, "of other axes than height, width and channels")
    return made


def is_plain(partial: PartialNetwork, view: TensorView) -> bool:
    """Whether the view shows its layer as it is."""
    plain = partial.plain(view.layer)
    return len(view.axes) == 4 and all(
        same_axis(partial, axis, wanted) for axis, wanted in zip(view.axes, plain.axes, strict=True)
    )


def same_axis(partial: PartialNetwork, axis: Axis, other: Axis) -> bool:
    """Whether two axes show the same of layers of one size; rows and columns that are whole are taken for the same."""
    if [(factor.dimension, factor.stride) for factor in axis] != [(one.dimension, one.stride) for one in other]:
        return False
    return all(
        (factor.is_whole and one.is_whole) or partial.sizes.same(factor.length, one.length)
        for factor, one in zip(axis, other, strict=True)
    )


def _shuffled(partial: PartialNetwork, view: TensorView, name: str) -> str | None:
    """The layer that shows a view's pixels, which are in another order; None where it would take more than moving
    pixels into channels, reordering channels, and moving channels into pixels."""
    if len(view.axes) != 4 or view.axes[0] or not (view.axes[2] and view.axes[3]):
        return None
    view = _with_pixels_in_channels(partial, view, name)
    plain, (_, channels, rows, columns) = partial.plain(view.layer), view.axes
    if not all(
        same_axis(partial, axis[:1], wanted) for axis, wanted in zip(view.axes[2:], plain.axes[2:], strict=True)
    ):
        return None
    return _with_channels_in_pixels(partial, view, name, channels, rows[1:], columns[1:])


def _with_pixels_in_channels(partial: PartialNetwork, view: TensorView, name: str) -> TensorView:
    """The view with what it shows of the places within blocks as channels of a layer that is made so."""
    _, channels, (rows, *_), (columns, *_) = view.axes
    side = rows.stride
    blocks = Factor(ROWS, side), Factor(COLUMNS, side)
    if side == 1 or columns.stride != side or not set(blocks).issubset(channels):
        return view
    count = partial.plain(view.layer).channels
    places = dict(zip(blocks, (Factor(CHANNELS, side, side * count), Factor(CHANNELS, side, count)), strict=True))
    made = partial.add(f"{name}/depth", (view.layer,), SpaceToDepth(side, (Window(side, side), Window(side, side))))
    moved = joined([places.get(factor, factor) for factor in channels])
    sides = (replace(rows, stride=1), *view.axes[2][1:]), (replace(columns, stride=1), *view.axes[3][1:])
    return replace(made, axes=((), moved, *sides))


def _with_channels_in_pixels(
    partial: PartialNetwork, view: TensorView, name: str, channels: Axis, down: Axis, across: Axis
) -> str | None:
    if not down and not across:
        return _ordered(partial, view, name, channels)
    sides = [factor.length for factor in (*down, *across)]
    if len(down) != 1 or len(across) != 1 or sides[0] != sides[1]:
        return None
    side = int(sides[0])
    axes = (Blocks(side), Blocks(side))
    if _numbers(view, (*channels, *down, *across)) == tuple(range(view.channels)):
        return partial.add(f"{name}/space", (view.layer,), DepthToSpace(side, "CRD", axes)).layer
    ordered = _ordered(partial, view, name, (*down, *across, *channels))
    if ordered is None:
        return None
    return partial.add(f"{name}/space", (ordered,), DepthToSpace(side, "DCR", axes)).layer


def _ordered(partial: PartialNetwork, view: TensorView, name: str, factors: Sequence[Factor]) -> str | None:
    """The layer with its channels in the order in which the factors give them; None where they do not give all."""
    numbers = _numbers(view, factors)
    if numbers is None or numbers == tuple(range(view.channels)):
        return None if numbers is None else view.layer
    return partial.add(f"{name}/ordered", (view.layer,), Channels(numbers)).layer


def _numbers(view: TensorView, factors: Sequence[Factor]) -> tuple[int, ...] | None:
    if any(factor.dimension != CHANNELS for factor in factors):
        return None
    if math.prod(factor.length for factor in factors) != view.channels:
        return None
    found = np.zeros(1, np.int64)
    for factor in factors:
        found = (found[:, None] + factor.stride * np.arange(factor.length)).reshape(-1)
    return tuple(found.tolist())
