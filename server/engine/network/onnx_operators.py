"""How each supported ONNX operation becomes a layer, or several, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx

from server.engine.network import (
    layout_operators,
    pointwise_operators,
    resize_operators,
    shape_operators,
    statistics_operators,
    window_operators,
)
from server.engine.network.partial_network import Attributes, PartialNetwork

READERS: Mapping[str, Callable[[PartialNetwork, onnx.NodeProto, Attributes], None]] = {
    **dict.fromkeys(pointwise_operators.POINTWISE, pointwise_operators.read_pointwise),
    "Clip": pointwise_operators.read_clip,
    "BatchNormalization": pointwise_operators.read_batch_normalisation,
    "Cast": pointwise_operators.read_unchanged,
    "Dropout": pointwise_operators.read_unchanged,
    "Conv": window_operators.read_convolution,
    "ConvTranspose": window_operators.read_transposed,
    "MatMul": window_operators.read_product,
    "Gemm": window_operators.read_product,
    "Pad": window_operators.read_pad,
    "AveragePool": window_operators.read_pool,
    "MaxPool": window_operators.read_pool,
    "InstanceNormalization": statistics_operators.read_normalisation,
    "GroupNormalization": statistics_operators.read_group_normalisation,
    "LayerNormalization": statistics_operators.read_layer_normalisation,
    "GlobalAveragePool": statistics_operators.read_mean,
    "ReduceMean": statistics_operators.read_mean,
    "Resize": resize_operators.read_resize,
    "Upsample": resize_operators.read_upsample,
    "Reshape": layout_operators.read_reshape,
    "Flatten": layout_operators.read_flatten,
    "Transpose": layout_operators.read_transpose,
    "Squeeze": layout_operators.read_squeeze,
    "Unsqueeze": layout_operators.read_unsqueeze,
    "Expand": layout_operators.read_expand,
    "Concat": layout_operators.read_concat,
    "Split": layout_operators.read_split,
    "Slice": layout_operators.read_slice,
    "Gather": layout_operators.read_gather,
    "DepthToSpace": layout_operators.read_depth_to_space,
    "SpaceToDepth": layout_operators.read_space_to_depth,
    "Shape": shape_operators.read_shape,
    "Size": shape_operators.read_shape,
}
"""What reads a node of which an operand shows pixels, by the node's operation; each raises UnsupportedNetwork."""
