"""Which nodes onnxruntime computes within the one before them, so that what lies between is never made."""

from __future__ import annotations

from collections import Counter

import onnx

from server.engine.footprint.order import used_names

# What a convolution does to its result by itself.
_ACTIVATIONS = frozenset(["Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Clip"])


class Fusions:
    """Of the nodes of one graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._makers = {name: node for node in graph.node for name in node.output}
        self._uses = Counter(name for node in graph.node for name in used_names(node))
        self._uses.update(end.name for end in graph.output)

    def is_within(self, node: onnx.NodeProto) -> bool:
        """Whether the node is done by the one that makes its first input."""
        before = self._maker(node, 0)
        return (
            node.op_type in _ACTIVATIONS
            and before is not None
            and before.op_type == "Conv"
            and self._uses[node.input[0]] == 1
        )

    def is_gate(self, node: onnx.NodeProto) -> bool:
        """Whether the node's result only weighs its own input (x times its sigmoid), which is one operation."""
        if node.op_type != "Sigmoid" or self._uses[node.output[0]] != 1:
            return False
        users = [user for user in self._users(node.output[0]) if user.op_type == "Mul"]
        return len(users) == 1 and sorted(users[0].input) == sorted((node.input[0], node.output[0]))

    def _maker(self, node: onnx.NodeProto, index: int) -> onnx.NodeProto | None:
        return self._makers.get(node.input[index]) if index < len(node.input) else None

    def _users(self, name: str) -> list[onnx.NodeProto]:
        return [node for node in self._makers.values() if name in node.input]
