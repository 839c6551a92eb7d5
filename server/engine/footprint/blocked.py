"""The copies that onnxruntime makes in the layout of its convolutions, in which channels come in blocks.

Its fastest convolutions on a CPU take and give values in that layout; what stands between them stays in it where it
can. Everywhere else values are copied from one layout to the other, and for a while both live.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import onnx
from onnx import TensorProto, helper

from server.engine.footprint.lifetimes import Step
from server.engine.footprint.shapes import HALVES, Value

# As many channels as AVX-512 has numbers in a register; with AVX2 it is half of them.
_BLOCK = 16
_ALIGNED = 4
_POOLS = frozenset(["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"])
_FOLLOWING = frozenset(
    [
        "Relu",
        "LeakyRelu",
        "Sigmoid",
        "Tanh",
        "HardSigmoid",
        "Add",
        "Mul",
        "Sum",
        "BatchNormalization",
        "Resize",
        "Upsample",
    ]
)


@dataclass
class Layouts:
    """Which values lie in blocks, and where copies in the other layout are. ``sizes`` are those of all values, to which
    copies are added."""

    sizes: dict[str, int]
    blocked: set[str] = field(default_factory=set)
    copies: dict[str, str] = field(default_factory=dict)

    def steps(self, node: onnx.NodeProto, step: Step, values: Mapping[str, Value]) -> list[Step]:
        """The step itself, with what has to be copied for it before it."""
        is_blocked = self._is_blocked(node, values)
        found: list[Step] = []
        names = {
            name: self._in_layout(name, found, values, blocked=is_blocked and self._goes_in_blocks(node, name, values))
            for name in step.inputs
        }
        if is_blocked:
            self.blocked.update(step.outputs)
            for name in step.outputs:
                self.sizes[name] = _blocked_bytes(values[name])
        inputs = tuple(names[name] for name in step.inputs)
        overwritten = tuple(names[name] for name in step.overwritten)
        return [*found, Step(inputs, step.outputs, step.workspace, overwritten, step.renames)]

    def end(self, name: str, values: Mapping[str, Value]) -> list[Step]:
        """What has to be copied so that a result is as the graph says."""
        found: list[Step] = []
        self._in_layout(name, found, values, blocked=False)
        return found

    def _in_layout(self, name: str, steps: list[Step], values: Mapping[str, Value], *, blocked: bool) -> str:
        if name not in values or values[name].constant or (name in self.blocked) == blocked:
            return name
        if name not in self.copies:
            copy = f"{name}/{'blocked' if blocked else 'plain'}"
            self.copies[name] = copy
            self.sizes[copy] = _blocked_bytes(values[name]) if blocked else values[name].bytes
            steps.append(Step((name,), (copy,)))
        return self.copies[name]

    def _is_blocked(self, node: onnx.NodeProto, values: Mapping[str, Value]) -> bool:
        if node.domain not in ("", "ai.onnx") or not node.input or not _has_channels(values.get(node.input[0])):
            return False
        if node.op_type == "Conv":
            return _is_blocked_convolution(node, values)
        if node.op_type in _POOLS:
            return _channels(values[node.input[0]]) % _BLOCK == 0 and len(node.output) == 1
        made = [name for name in node.input if name in values and not values[name].constant]
        if not made or any(name not in self.blocked for name in made):
            return False
        if node.op_type == "Concat":
            return all(_channels(values[name]) % _BLOCK == 0 for name in made)
        return node.op_type in _FOLLOWING and all(values[name].shape == values[made[0]].shape for name in made[1:])

    def _goes_in_blocks(self, node: onnx.NodeProto, name: str, values: Mapping[str, Value]) -> bool:
        return node.op_type != "Conv" or _channels(values[name]) >= _BLOCK


def _is_blocked_convolution(node: onnx.NodeProto, values: Mapping[str, Value]) -> bool:
    source, weight = values[node.input[0]], values.get(node.input[1])
    if weight is None or not weight.constant or weight.shape is None or source.kind not in (TensorProto.FLOAT, *HALVES):
        return False
    groups = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}.get("group", 1)
    channels, (outside, inside) = _channels(source), weight.shape[:2]
    if groups == 1:
        return channels < _BLOCK or channels % _ALIGNED == 0
    if inside == 1 and outside == groups:
        return channels % (_BLOCK // 2) == 0
    return inside % (_BLOCK // 2) == 0 and outside // groups % (_BLOCK // 2) == 0


def _has_channels(value: Value | None) -> bool:
    return value is not None and value.shape is not None and len(value.shape) == 4


def _channels(value: Value) -> int:
    return value.shape[1] if value.shape is not None and len(value.shape) > 1 else 0


def _blocked_bytes(value: Value) -> int:
    shape: Sequence[int] = value.shape or (1, 1)
    if len(shape) < 2:
        return value.bytes
    return -(-shape[1] // _BLOCK) * _BLOCK * shape[0] * math.prod(shape[2:]) * 4
