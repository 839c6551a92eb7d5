"""In which order onnxruntime runs the nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx


def run_order(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """onnxruntime's order: from the nodes whose results nobody uses backwards, and of a node's inputs the one that
    stands last in the file first."""
    nodes = list(graph.node)
    makers = {name: number for number, node in enumerate(nodes) for name in node.output if name}
    used = {name for node in nodes for name in used_names(node)}
    ends = [number for number, node in enumerate(nodes) if not used.intersection(node.output)]
    order: list[int] = []
    seen: set[int] = set()
    waiting = [(number, False) for number in ends]
    while waiting:
        number, is_ready = waiting.pop()
        if is_ready:
            order.append(number)
        elif number not in seen:
            seen.add(number)
            waiting.append((number, True))
            waiting += [(before, False) for before in _before(nodes[number], makers) if before not in seen]
    return [nodes[number] for number in order]


def used_names(node: onnx.NodeProto) -> set[str]:
    """What a node reads, also in the graphs within it."""
    names = {name for name in node.input if name}
    for graph in subgraphs(node):
        names.update(name for inner in graph.node for name in used_names(inner))
        names.update(end.name for end in graph.output)
    return names


def subgraphs(node: onnx.NodeProto) -> Sequence[onnx.GraphProto]:
    """The graphs within a node, of its branches or its loop."""
    return [entry.g for entry in node.attribute if entry.type == onnx.AttributeProto.GRAPH]


def _before(node: onnx.NodeProto, makers: Mapping[str, int]) -> list[int]:
    return sorted({makers[name] for name in used_names(node) if name in makers})
