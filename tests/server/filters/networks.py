"""Networks as others export them, small, and the sidecars that describe them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft


def sidecar(multiple: int = 1, *more: str, layout: str = "NCHW", range: str = "[-1, 1]") -> str:
    """A sidecar for the networks below; ``more`` are further lines."""
    lines = (f'input = "{INPUT}"', f'output = "{OUTPUT}"', f'layout = "{layout}"', f"range = {range}")
    return "\n".join((*lines, f"multiple = {multiple}", *more))


def residual(
    halvings: int, *, margin: int = 1, inside: int = 3, outside: int = 3, channels: int = 4, blocks: int = 1
) -> bytes:
    """CycleGAN's kind: ``halvings``, ``blocks`` that reflect ``margin`` pixels, and as many doublings."""
    draft = Draft(channels=inside)
    x = draft.block(INPUT, channels)
    for _ in range(halvings):
        x = draft.relu(draft.norm(draft.conv(x, channels, strides=[2, 2], pads=[1] * 4)))
    for _ in range(blocks):
        x = draft.add("Add", x, draft.norm(draft.conv(draft.pad(x, margin), channels, 2 * margin + 1)))
    for _ in range(halvings):
        grown = draft.transposed(x, channels, strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])
        x = draft.relu(draft.norm(grown))
    return draft.model(draft.add("Tanh", draft.conv(draft.pad(x, 1), outside)))


def skipping(steps: int, factor: int = 2) -> bytes:
    """A U-Net, which makes maps smaller by ``factor`` in each step and joins them again."""
    draft, x, kept = Draft(), INPUT, list[str]()
    for _ in range(steps):
        kept.append(draft.relu(draft.conv(x, 4, pads=[1] * 4)))
        x = draft.add("MaxPool", kept[-1], kernel_shape=[factor] * 2, strides=[factor] * 2)
    for before in reversed(kept):
        x = draft.conv(draft.concat(draft.grow(x, factor, "nearest", "asymmetric"), before), 4, pads=[1] * 4)
    return draft.model(draft.conv(x, 3, 1))


def channels_last(model: bytes) -> bytes:
    """The model between two transpositions, as exporters from TensorFlow write it."""
    changed = onnx.load_model_from_string(model)
    graph = changed.graph
    for node in graph.node:
        node.input[:] = ["first" if name == INPUT else name for name in node.input]
        node.output[:] = ["last" if name == OUTPUT else name for name in node.output]
    graph.node.insert(0, helper.make_node("Transpose", [INPUT], ["first"], perm=[0, 3, 1, 2]))
    graph.node.append(helper.make_node("Transpose", ["last"], [OUTPUT], perm=[0, 2, 3, 1]))
    for end in (*graph.input, *graph.output):
        batch, channels, height, width = end.type.tensor_type.shape.dim
        moved = [deepcopy(axis) for axis in (batch, height, width, channels)]
        del end.type.tensor_type.shape.dim[:]
        end.type.tensor_type.shape.dim.extend(moved)
    return bytes(changed.SerializeToString())


def eight_bit(model: bytes) -> bytes:
    """The model, which takes and gives -1 to 1, between bytes."""
    changed = onnx.load_model_from_string(model)
    graph = changed.graph
    for node in graph.node:
        node.input[:] = ["scaled" if name == INPUT else name for name in node.input]
        node.output[:] = ["result" if name == OUTPUT else name for name in node.output]
    graph.initializer.extend(
        numpy_helper.from_array(np.float32(value), name)
        for name, value in (("half", 127.5), ("unit", 1), ("black", 0), ("white", 255))
    )
    before = [
        helper.make_node("Cast", [INPUT], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["floats", "half"], ["divided"]),
        helper.make_node("Sub", ["divided", "unit"], ["scaled"]),
    ]
    after = [
        helper.make_node("Add", ["result", "unit"], ["added"]),
        helper.make_node("Mul", ["added", "half"], ["levels"]),
        helper.make_node("Round", ["levels"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "black", "white"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], [OUTPUT], to=TensorProto.UINT8),
    ]
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    for end in (*graph.input, *graph.output):
        end.type.tensor_type.elem_type = TensorProto.UINT8
    return bytes(changed.SerializeToString())


def axes(model: bytes, lengths: Mapping[int, int | str]) -> onnx.ModelProto:
    """The model, whose input has these lengths or names of axes."""
    changed = onnx.load_model_from_string(model)
    for place, length in lengths.items():
        axis = changed.graph.input[0].type.tensor_type.shape.dim[place]
        axis.Clear()
        if isinstance(length, int):
            axis.dim_value = length
        else:
            axis.dim_param = length
    return changed
