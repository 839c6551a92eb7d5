"""onnxruntime's convolutions, on our stream and in our memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from server.engine.fused.fusion import NotFused
from server.engine.fused.kernels import Launch
from server.engine.network.operations import Convolution, TransposedConvolution

_OPSET = 20
_IR_VERSION = 10

OpenSession = Callable[[bytes], Any]
"""An onnxruntime.InferenceSession of a serialised model, on the GPU and its stream."""


@dataclass(frozen=True)
class ConvolutionKind:
    """ConvolutionSessions that one session computes: all but their weights is the same, and in one picture all of them see the
    same size, for which cuDNN makes a plan that onnxruntime keeps until it sees another. ``reduction`` says by how
    much the picture is smaller there."""

    weight_shape: tuple[int, ...]
    has_bias: bool
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    padding: tuple[tuple[int, int], tuple[int, int]] | None  # of a transposed one: cut off, and added at the end
    reduction: tuple[int, int]
    element: type[np.generic]


def convolution_kind(
    operation: Convolution | TransposedConvolution, element: type[np.generic], reduction: tuple[int, int]
) -> ConvolutionKind:
    """Raises NotFused for a transposed convolution that cuDNN cannot compute."""
    return ConvolutionKind(
        weight_shape=tuple(operation.weight.shape),
        has_bias=operation.bias is not None,
        strides=operation.strides,
        dilations=operation.dilations,
        groups=operation.groups,
        padding=_padding(operation) if isinstance(operation, TransposedConvolution) else None,
        reduction=reduction,
        element=element,
    )


@dataclass(frozen=True)
class GpuTensor:
    """In the GPU's memory."""

    address: int
    shape: tuple[int, ...]


class ConvolutionSessions:
    """Sessions, shared by all networks: each keeps about 75 MB on the GPU."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._sessions: dict[ConvolutionKind, Any] = {}
        # The GPU goes on while we launch what comes next.
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4
        self._options.add_run_config_entry("disable_synchronize_execution_providers", "1")

    def launch(
        self, kind: ConvolutionKind, source: GpuTensor, weight: GpuTensor, bias: GpuTensor | None, out: GpuTensor
    ) -> Launch:
        """What says that it shall run. Pictures are 1 x H x W x C. Raises whatever onnxruntime raises."""
        if kind not in self._sessions:
            self._sessions[kind] = self._open(_model(kind))
        session = self._sessions[kind]
        binding = session.io_binding()
        given = {"source": source, "weight": weight} | ({"bias": bias} if bias else {})
        for name, tensor in given.items():
            binding.bind_input(name, "cuda", 0, kind.element, tensor.shape, tensor.address)
        binding.bind_output("result", "cuda", 0, kind.element, out.shape, out.address)
        return lambda: session.run_with_iobinding(binding, self._options)


def _padding(operation: TransposedConvolution) -> tuple[tuple[int, int], tuple[int, int]]:
    """cuDNN cuts off the same at both ends; what shall stay at the end is added again."""
    before = (operation.axes[0].before, operation.axes[1].before)
    extra = tuple(axis.before - axis.after for axis in operation.axes)
    if any(not 0 <= more < max(step, 1) for more, step in zip(extra, operation.strides, strict=True)):
        raise NotFused("ConvTranspose")
    return before, (extra[0], extra[1])


def _model(kind: ConvolutionKind) -> bytes:
    """Channels last outside: with the option for it, onnxruntime then convolves without transposing pictures."""
    element = helper.np_dtype_to_tensor_dtype(np.dtype(kind.element))
    attributes: dict[str, Any] = {
        "kernel_shape": kind.weight_shape[2:],
        "strides": kind.strides,
        "dilations": kind.dilations,
        "group": kind.groups,
    }
    if kind.padding:
        attributes |= {"pads": kind.padding[0] * 2, "output_padding": kind.padding[1]}
    names = ["weight", "bias"] if kind.has_bias else ["weight"]
    nodes = [
        helper.make_node("Transpose", ["source"], ["channels first"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "ConvTranspose" if kind.padding else "Conv", ["channels first", *names], ["convolved"], **attributes
        ),
        helper.make_node("Transpose", ["convolved"], ["result"], perm=[0, 2, 3, 1]),
    ]
    inside, outside = kind.weight_shape[1] * kind.groups, kind.weight_shape[0]
    if kind.padding:
        inside, outside = outside, inside
    ends = [
        helper.make_tensor_value_info("source", element, [1, "height", "width", inside]),
        helper.make_tensor_value_info("weight", element, kind.weight_shape),
        helper.make_tensor_value_info("bias", element, [outside]),
    ]
    result = helper.make_tensor_value_info("result", element, [1, "result height", "result width", outside])
    graph = helper.make_graph(nodes, "convolution", ends[: 1 + len(names)], [result])
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    return bytes(model.SerializeToString())
