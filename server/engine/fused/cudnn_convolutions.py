"""onnxruntime's convolutions, which are cuDNN's, on our stream and in our memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from server.engine.fused.cuda_driver import Launch
from server.engine.fused.fusion import NotFused
from server.engine.network.operations import Convolution, TransposedConvolution

_OPSET = 20
_IR_VERSION = 10

OpenSession = Callable[[bytes], Any]
"""Makes an onnxruntime.InferenceSession of a serialised model, on the GPU and its stream."""


@dataclass(frozen=True)
class ConvolutionKind:
    """What convolutions have in common that one session computes: everything but their weights.

    Within one picture they must all see the same size, because onnxruntime keeps cuDNN's plan until it sees another
    one; ``reduction`` tells places of different size apart: it is the height and width there of a picture of a standard
    size. ``padding`` is a transposed convolution's: what is cut off at both ends, and what is added again at the end.
    """

    weight_shape: tuple[int, ...]
    has_bias: bool
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    padding: tuple[tuple[int, int], tuple[int, int]] | None
    reduction: tuple[int, int]
    element: type[np.generic]


def convolution_kind(
    operation: Convolution | TransposedConvolution, element: type[np.generic], reduction: tuple[int, int]
) -> ConvolutionKind:
    """The kind of a convolution of values of the type ``element``. Raises NotFused for a transposed convolution that
    cuDNN cannot compute."""
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
    """An array in the GPU's memory."""

    address: int
    shape: tuple[int, ...]


class ConvolutionSessions:
    """One session for each kind of convolution, for all networks: each session keeps about 75 MB on the GPU."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._sessions: dict[ConvolutionKind, Any] = {}
        # So that onnxruntime does not wait for the GPU, which goes on while more is queued.
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4
        self._options.add_run_config_entry("disable_synchronize_execution_providers", "1")

    def launch(
        self, kind: ConvolutionKind, source: GpuTensor, weight: GpuTensor, bias: GpuTensor | None, out: GpuTensor
    ) -> Launch:
        """The launch of a convolution; pictures are 1 x H x W x C. Raises whatever onnxruntime raises."""
        if kind not in self._sessions:
            self._sessions[kind] = self._open(convolution_model(kind))
        session = self._sessions[kind]
        binding = session.io_binding()
        given = {"source": source, "weight": weight} | ({"bias": bias} if bias else {})
        for name, tensor in given.items():
            binding.bind_input(name, "cuda", 0, kind.element, tensor.shape, tensor.address)
        binding.bind_output("result", "cuda", 0, kind.element, out.shape, out.address)
        return lambda: session.run_with_iobinding(binding, self._options)


def _padding(operation: TransposedConvolution) -> tuple[tuple[int, int], tuple[int, int]]:
    """What cuDNN cuts off, which is the same at both ends, and what is added again at the end, for both axes."""
    before = (operation.axes[0].before, operation.axes[1].before)
    extra = tuple(axis.before - axis.after for axis in operation.axes)
    if any(not 0 <= more < max(step, 1) for more, step in zip(extra, operation.strides, strict=True)):
        raise NotFused("ConvTranspose")
    return before, (extra[0], extra[1])


def convolution_model(kind: ConvolutionKind) -> bytes:
    """The model of one convolution. Its input and output lie channels last; with the option for that layout,
    onnxruntime then convolves without transposing anything."""
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
