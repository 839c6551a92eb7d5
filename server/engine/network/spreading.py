"""One pixel for the whole picture, spread over a picture of some layer's size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from server.engine.network.lengths import Number, layer_length
from server.engine.network.operations import Channels, Pointwise
from server.engine.network.partial_network import PartialNetwork
from server.engine.network.tensor_view import TensorView
from server.engine.network.unsupported import UnsupportedNetwork


def spread(partial: PartialNetwork, node: onnx.NodeProto, view: TensorView, shape: Sequence[Number]) -> None:
    """Appends the layer that has the value of the point that ``view`` shows at every pixel of the last layer whose size
    the shape has. Raises UnsupportedNetwork where there is none."""
    if len(shape) != 4 or view.axes[2:] != ((), ()) or not partial.sizes.same(shape[1], view.channels):
        raise UnsupportedNetwork(node.op_type, "of one pixel to other axes than height and width")
    like, name = _of_size(partial, node, shape[2], shape[3]), node.output[0]
    partial.add(f"{name}/first", (like,), Channels((0,)))
    partial.add(f"{name}/zero", (f"{name}/first",), Pointwise("Mul", (0, np.zeros((), np.float32)), {}))
    partial.add(name, (f"{name}/zero", view.layer), Pointwise("Add", (0, 1), {}))


def _of_size(partial: PartialNetwork, node: onnx.NodeProto, height: Number, width: Number) -> str:
    wanted = partial.sizes.values(height), partial.sizes.values(width)
    for name in [*(layer.name for layer in reversed(partial.layers)), partial.input]:
        sides = layer_length(name, 0), layer_length(name, 1)
        if name in partial.points or (partial.sizes.values(sides[0]), partial.sizes.values(sides[1])) != wanted:
            continue
        if partial.sizes.same(sides[0], height) and partial.sizes.same(sides[1], width):
            return name
    raise UnsupportedNetwork(node.op_type, "of one pixel to a size that no layer has")
