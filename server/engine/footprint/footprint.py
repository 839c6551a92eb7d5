"""What a network takes in one run for a picture, by its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import onnx
from onnx import TensorProto, inliner

from server.engine.footprint.arena import Arena
from server.engine.footprint.blocked import Layouts
from server.engine.footprint.fusions import Fusions
from server.engine.footprint.lifetimes import Step, peak_bytes
from server.engine.footprint.names import Lengths, named_shapes
from server.engine.footprint.order import run_order, subgraphs, used_names
from server.engine.footprint.shapes import Shapes, Value, constants_of
from server.engine.footprint.workspaces import overwritten, renames, workspace


class Footprint:
    """Of a serialised model. Raises whatever onnx raises for what is no model."""

    def __init__(self, model: bytes) -> None:
        proto = onnx.load_model_from_string(model)
        self._constants = constants_of(proto.graph)
        self.weight_bytes = sum(value.bytes for value in self._constants.values())
        del proto.graph.initializer[:]
        proto = inliner.inline_local_functions(proto) if proto.functions else proto
        self._graph = proto.graph
        self._shapes = Shapes(proto)
        self._named = named_shapes(proto, self._constants)
        self._kinds = {end.name: end.type.tensor_type.elem_type for end in self._graph.input}

    def run(self, fed: Mapping[str, Value], arena: Arena) -> int:
        """The most bytes that live at a time in a run that is ``fed`` these values, without them. In ``arena`` they are
        allocated and freed."""
        return _Walk(self._shapes, self._named, {**self._constants, **fed}).peak(self._graph, arena)

    def picture(self, name: str, shape: tuple[int, ...]) -> Value:
        """What the input of this name is for a picture of this shape."""
        return Value(self._kinds[name], shape)


class _Walk:
    """One walk through a graph and those within it; ``known`` are all values by name, ``named`` their shapes as far as
    they are known for every size."""

    def __init__(self, shapes: Shapes, named: Mapping[str, Lengths], known: dict[str, Value]) -> None:
        self._shapes = shapes
        self._named = named
        self._known = known

    def peak(self, graph: onnx.GraphProto, arena: Arena | None = None) -> int:
        """The most that lives at a time of what the graph makes, in ``arena`` if there is one."""
        sizes: dict[str, int] = {}
        layouts, ends = Layouts(sizes), [end.name for end in graph.output]
        steps: list[Step] = []
        fusions = Fusions(graph)
        for node in run_order(graph):
            step = self._step(node, is_fused=fusions.is_within(node))
            is_made = not fusions.is_gate(node)
            sizes.update({name: self._known[name].made_bytes if is_made else 0 for name in step.outputs})
            steps += layouts.steps(node, step, self._known)
        for name in ends:
            steps += layouts.end(name, self._known)
        return peak_bytes(steps, sizes, {layouts.copies.get(name, name) for name in ends}, arena)

    def _step(self, node: onnx.NodeProto, *, is_fused: bool) -> Step:
        graphs = subgraphs(node)
        within = max((self._enter(node, graph) for graph in graphs), default=0)
        if not graphs:
            self._known.update(zip(node.output, self._shapes.outputs(node, self._known), strict=False))
        values = [self._known[name] for name in node.input if name in self._known]
        made = [self._known[name] for name in node.output if name]
        return Step(
            tuple(dict.fromkeys((*filter(None, node.input), *sorted(used_names(node))))),
            tuple(filter(None, node.output)),
            max(within - sum(value.bytes for value in made), 0) + workspace(node, values, made),
            tuple(name for name in overwritten(node.op_type, node.input) if self._is_alike(name, node.output[0])),
            is_fused or renames(node.op_type),
        )

    def _is_alike(self, name: str, other: str) -> bool:
        """Whether onnxruntime knows beforehand that both are of one size, whatever the picture's is."""
        return name in self._named and self._named[name] == self._named.get(other)

    def _enter(self, node: onnx.NodeProto, graph: onnx.GraphProto) -> int:
        """What a branch or a loop's body takes; the node's outputs become known, as large as those of any branch."""
        self._known.update(constants_of(graph))
        carried = [self._known[name] for name in node.input[2:] if name in self._known]
        counted = [Value(TensorProto.INT64, ()), Value(TensorProto.BOOL, ())]
        self._known.update(zip((end.name for end in graph.input), (*counted, *map(_changing, carried)), strict=False))
        taken = self.peak(graph)
        ends = [self._known[end.name] for end in graph.output]
        for name, value in zip(node.output, ends[1:] if node.op_type == "Loop" else ends, strict=False):
            self._known[name] = max(self._known.get(name, value), _changing(value), key=lambda one: one.bytes)
        return taken


def _changing(value: Value) -> Value:
    """The value as a loop or a branch may change it."""
    return replace(value, value=None, constant=False)
