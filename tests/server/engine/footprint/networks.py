"""Networks of many kinds, most of which cannot be computed in pieces, for what they take at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.server.engine.tiled.drafts import INPUT, Draft


def dense(draft: Draft) -> str:
    """Each convolution sees all maps before it."""
    maps = [draft.conv(INPUT, 32, pads=[1] * 4)]
    for _ in range(4):
        seen = draft.concat(*maps) if len(maps) > 1 else maps[0]
        maps.append(draft.relu(draft.conv(seen, 32, pads=[1] * 4)))
    return draft.add("Tanh", draft.conv(maps[-1], 3, 1))


def dense_with_mean(draft: Draft) -> str:
    return draft.add("Add", dense(draft), draft.add("GlobalAveragePool", INPUT), channels=3)


def downwards(draft: Draft) -> str:
    """Down and up again with skips, without normalisation."""
    x, skips = draft.relu(draft.conv(INPUT, 32, pads=[1] * 4)), []
    for channels in (64, 128):
        skips.append(x)
        x = draft.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        x = draft.relu(draft.conv(x, channels, pads=[1] * 4))
    for skip in reversed(skips):
        x = draft.concat(skip, draft.conv(draft.grow(x), draft.channels[skip], pads=[1] * 4))
        x = draft.relu(draft.conv(x, draft.channels[skip], pads=[1] * 4))
    return _with_mean(draft, draft.conv(x, 3, 1))


def shuffled(draft: Draft) -> str:
    x = draft.add("SpaceToDepth", INPUT, blocksize=2, channels=12)
    x = draft.conv(draft.relu(draft.conv(x, 48, pads=[1] * 4)), 12, pads=[1] * 4)
    return draft.add("DepthToSpace", x, blocksize=2, mode="CRD", channels=3)


def attentive(draft: Draft) -> str:
    """Every block of 8 x 8 pixels sees every other one."""
    x = draft.conv(INPUT, 16, 8, strides=[8, 8])
    lines = draft.add("Transpose", draft.add("Reshape", x, np.array([1, 16, -1])), perm=[0, 2, 1])
    weights = [draft.random(16, 16, scale=0.1) for _ in range(3)]
    query, key, value = (draft.add("MatMul", lines, weight) for weight in weights)
    product = draft.add("MatMul", query, draft.add("Transpose", key, perm=[0, 2, 1]))
    seen = draft.add("MatMul", draft.add("Softmax", product, axis=-1), value)
    shape = draft.add("Shape", x)
    x = draft.add("Reshape", draft.add("Transpose", seen, perm=[0, 2, 1]), shape, channels=16)
    return draft.conv(draft.grow(x, 8, "nearest", "asymmetric"), 3, 1)


def dilated(draft: Draft) -> str:
    x = draft.relu(draft.conv(INPUT, 40, pads=[1] * 4))
    for group in (1, 4, 40):
        x = draft.relu(draft.conv(x, 40, group=group, dilations=[2, 2], pads=[2] * 4))
    return _with_mean(draft, draft.conv(x, 3, 1))


def transposed(draft: Draft) -> str:
    x = draft.relu(draft.conv(INPUT, 32, 4, strides=[4, 4]))
    x = draft.transposed(x, 32, 8, strides=[4, 4], pads=[2] * 4)
    return _with_mean(draft, draft.conv(x, 3, 1))


def cubic(draft: Draft) -> str:
    x = draft.relu(draft.conv(INPUT, 24, strides=[2, 2], pads=[1] * 4))
    return draft.conv(draft.grow(x, 2, "cubic"), 3, 1)


def pointwise(draft: Draft) -> str:
    x = draft.conv(INPUT, 32, pads=[1] * 4)
    x = draft.add("Mul", x, draft.add("Sigmoid", x))
    x = draft.add("Sqrt", draft.add("Pow", _with_mean(draft, x), np.float32(2)))
    chosen = draft.add("Where", draft.add("Greater", x, np.float32(1)), x, draft.add("Erf", x), channels=32)
    return draft.conv(chosen, 3, 1)


def cast(draft: Draft) -> str:
    x = draft.relu(draft.conv(INPUT, 32, pads=[1] * 4))
    whole = draft.add("Cast", draft.add("Cast", x, to=TensorProto.INT32), to=TensorProto.FLOAT)
    wide = draft.add("Mul", draft.add("Cast", x, to=TensorProto.DOUBLE), np.float64(2))
    return draft.conv(draft.add("Add", whole, draft.add("Cast", wide, to=TensorProto.FLOAT)), 3, 1)


def by_group(draft: Draft) -> str:
    """Group normalisation as exporters write it."""
    x = draft.conv(INPUT, 32, pads=[1] * 4)
    lines = draft.add("Reshape", x, np.array([0, 8, -1]), channels=8)
    normal = draft.add("Reshape", draft.norm(lines, learned=False), draft.add("Shape", x), channels=32)
    normal = draft.add("Mul", normal, draft.random(1, 32, 1, 1, around=1))
    return draft.conv(draft.add("Mul", normal, draft.add("Sigmoid", normal)), 3, 1)


def by_layer(draft: Draft) -> str:
    """A transformer's second half: channels last, widened and narrowed again."""
    x = draft.conv(INPUT, 24, pads=[1] * 4)
    rows = draft.add("Transpose", x, perm=[0, 2, 3, 1], channels=24)
    rows = draft.add("LayerNormalization", rows, draft.random(24, around=1), draft.random(24), axis=-1)
    wide = draft.add("Gelu", draft.add("MatMul", rows, draft.random(24, 96, scale=0.1)))
    narrow = draft.add("Transpose", draft.add("MatMul", wide, draft.random(96, 24, scale=0.1)), perm=[0, 3, 1, 2])
    return draft.conv(draft.add("Add", x, narrow), 3, 1)


def branching(draft: Draft) -> str:
    """One of two ways, as the picture's mean says."""
    x = draft.conv(INPUT, 32, pads=[1] * 4)
    mean = draft.add("Reshape", draft.add("ReduceMean", x, keepdims=0), np.array([], np.int64))
    ways = [_way("Sin", x), _way("Cos", x)]
    is_bright = draft.add("Greater", mean, np.float32(0))
    return draft.conv(draft.add("If", is_bright, then_branch=ways[0], else_branch=ways[1], channels=32), 3, 1)


NETWORKS: tuple[Callable[[Draft], str], ...] = (
    dense_with_mean,
    downwards,
    shuffled,
    attentive,
    dilated,
    transposed,
    cubic,
    pointwise,
    cast,
    by_group,
    by_layer,
    branching,
)


def _way(operation: str, x: str) -> onnx.GraphProto:
    end = helper.make_tensor_value_info(operation, TensorProto.FLOAT, None)
    return helper.make_graph([helper.make_node(operation, [x], [operation])], operation, [], [end])


def _with_mean(draft: Draft, x: str) -> str:
    """Less its mean, for which all of it must be there."""
    return draft.add("Sub", x, draft.add("ReduceMean", x, np.array([2, 3])))
