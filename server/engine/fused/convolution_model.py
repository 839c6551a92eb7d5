"""The ONNX model of a single convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ValueInfoProto, helper

from server.engine.fused.convolution_kind import ConvolutionKind

_OPSET = 20
_IR_VERSION = 10


def convolution_model(kind: ConvolutionKind) -> bytes:
    """The serialised model of a convolution with the inputs source, weight and, if it has one, bias.

    Its input and output lie channels last; with the option for that layout, onnxruntime then convolves without
    transposing anything.
    """
    inputs, result = _ends(kind)
    operands = ["channels first", *(end.name for end in inputs[1:])]
    operation = "ConvTranspose" if kind.padding else "Conv"
    nodes = [
        helper.make_node("Transpose", ["source"], ["channels first"], perm=[0, 3, 1, 2]),
        helper.make_node(operation, operands, ["convolved"], **_attributes(kind)),
        helper.make_node("Transpose", ["convolved"], ["result"], perm=[0, 2, 3, 1]),
    ]
    graph = helper.make_graph(nodes, "convolution", inputs, [result])
    opset = [helper.make_opsetid("", _OPSET)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION).SerializeToString())


def _attributes(kind: ConvolutionKind) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "kernel_shape": kind.weight_shape[2:],
        "strides": kind.strides,
        "dilations": kind.dilations,
        "group": kind.groups,
    }
    if kind.padding:
        attributes |= {"pads": kind.padding[0] * 2, "output_padding": kind.padding[1]}
    return attributes


def _ends(kind: ConvolutionKind) -> tuple[list[ValueInfoProto], ValueInfoProto]:
    """The model's inputs, and its output."""
    element = helper.np_dtype_to_tensor_dtype(np.dtype(kind.element))
    inside, outside = kind.weight_shape[1] * kind.groups, kind.weight_shape[0]
    if kind.padding:
        inside, outside = outside, inside
    inputs = [
        helper.make_tensor_value_info("source", element, [1, "height", "width", inside]),
        helper.make_tensor_value_info("weight", element, kind.weight_shape),
    ]
    if kind.has_bias:
        inputs.append(helper.make_tensor_value_info("bias", element, [outside]))
    result = helper.make_tensor_value_info("result", element, [1, "result height", "result width", outside])
    return inputs, result
