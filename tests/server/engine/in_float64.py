"""What the tests' small networks answer when they are computed in float64, by PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from server.engine.network.arrays import Array
from tests.server.engine.tiled.drafts import INPUT, OUTPUT


def exact(model: bytes, values: Array) -> Array:
    """The answer of a network of these few operations to 1 x C x H x W."""
    graph = onnx.load_model_from_string(model).graph
    known = {INPUT: torch.from_numpy(values.astype(np.float64))}
    for constant in graph.initializer:
        known[constant.name] = torch.from_numpy(numpy_helper.to_array(constant).astype(np.float64))
    for node in graph.node:
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        known[node.output[0]] = _computed(node.op_type, [known[name] for name in node.input if name], attributes)
    return np.asarray(known[OUTPUT].numpy())


def _computed(operation: str, operands: list[Tensor], attributes: dict[str, Any]) -> Tensor:
    x, *others = operands
    match operation:
        case "Identity":
            return x
        case "Relu":
            return functional.relu(x)
        case "Tanh":
            return torch.tanh(x)
        case "Add":
            return x + others[0]
        case "Mul":
            return x * others[0]
        case "Pad":
            return _padded(x, others[0].to(torch.int64).tolist(), attributes["mode"].decode())
        case "InstanceNormalization":
            variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
            scale, shift = (value[:, None, None] for value in others)
            return (x - mean) / torch.sqrt(variance + attributes["epsilon"]) * scale + shift
        case "Resize":
            factors = others[-1][2:].tolist()
            if attributes["mode"] == b"linear":
                return functional.interpolate(x, scale_factor=factors, mode="bilinear", align_corners=False)
            return functional.interpolate(x, scale_factor=factors)
    return _convolved(operation, x, others, attributes)


def _convolved(operation: str, x: Tensor, others: list[Tensor], attributes: dict[str, Any]) -> Tensor:
    weight, bias = others[0], others[1] if len(others) > 1 else None
    strides, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
    if operation == "ConvTranspose":
        extra = attributes.get("output_padding", [0, 0])
        return functional.conv_transpose2d(x, weight, bias, strides, pads[:2], extra)
    assert operation == "Conv"
    padded = _padded(x, [0, 0, *pads[:2], 0, 0, *pads[2:]], "constant")
    return functional.conv2d(padded, weight, bias, strides, groups=attributes.get("group", 1))


def _padded(x: Tensor, pads: list[int], mode: str) -> Tensor:
    _, _, top, left, _, _, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), {"edge": "replicate"}.get(mode, mode))
