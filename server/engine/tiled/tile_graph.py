"""An ONNX graph that computes any tile of a sweep: some of its inputs say where the tile lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.arrays import Array
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.layout import CHANNELS_FIRST, Layout

Control = Callable[[Tile], Array]
"""Makes the value of an input that depends on where the tile lies."""

_OPSET = 20
_IR_VERSION = 10


@dataclass(frozen=True)
class TileGraph:
    """A serialised model with what to feed it. Its inputs and outputs are numbered, so that networks of one
    architecture have the same model.

    By the names of the model's inputs, ``given`` has the caller's names of what it feeds, ``controls`` make the values
    that depend on where a tile lies, and ``weights`` are the same for every tile. ``results`` are the caller's names of
    the outputs, in order.
    """

    model: bytes
    given: dict[str, str]
    controls: dict[str, Control]
    weights: dict[str, Array]
    results: tuple[str, ...]


@dataclass
class TileGraphBuilder:
    """Puts a TileGraph together, node by node; values go by the names that its methods return."""

    layout: Layout
    _nodes: list[onnx.NodeProto] = field(default_factory=list)
    _inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    _outputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    _constants: list[onnx.TensorProto] = field(default_factory=list)
    _given: dict[str, str] = field(default_factory=dict)
    _controls: dict[str, Control] = field(default_factory=dict)
    _weights: dict[str, Array] = field(default_factory=dict)
    _results: list[str] = field(default_factory=list)

    def graph(self) -> TileGraph:
        """The graph of all that was added."""
        graph = helper.make_graph(self._nodes, "sweep", self._inputs, self._outputs, self._constants)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
        return TileGraph(
            model.SerializeToString(deterministic=True),
            self._given,
            self._controls,
            self._weights,
            tuple(self._results),
        )

    def add(self, operation: str, *operands: str, unused: int = 0, **attributes: Any) -> str:
        """Adds a node and returns the name of its output, or of the first one where others are ``unused``."""
        name = f"value {len(self._nodes)}"
        others = [f"{name}, unused {number}" for number in range(unused)]
        self._nodes.append(helper.make_node(operation, list(operands), [name, *others], **attributes))
        return name

    def constant(self, value: Array, kind: Any) -> str:
        """Adds a constant of numpy's type ``kind``, which is part of the model."""
        name = f"constant {len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def given(self, name: str, kind: int, shape: Iterable[int]) -> str:
        """Adds an input that the caller feeds by ``name``; ``kind`` is ONNX's type, and -1 in ``shape`` any length."""
        return self._input(name, self._given, kind, shape)

    def control(self, value: Control, shape: Iterable[int], kind: int = TensorProto.INT64) -> str:
        """Adds an input whose value depends on where the tile lies."""
        return self._input(value, self._controls, kind, shape)

    def weight(self, value: Array) -> str:
        """Adds an input that is the same for every tile, so that the model does not hold it. What onnxruntime prepares
        when it loads a model must be a constant instead."""
        return self._input(value, self._weights, TensorProto.FLOAT, value.shape)

    def result(self, name: str, value: str, kind: int, shape: Iterable[int]) -> None:
        """Makes ``value`` an output, which the caller knows by ``name``. A value can be one output only."""
        self._results.append(name)
        self._outputs.append(helper.make_tensor_value_info(value, kind, _open(value, shape)))

    def to_channels_first(self, value: str) -> str:
        """From the sweep's layout to 1 x C x H x W."""
        return value if self.layout is CHANNELS_FIRST else self.add("Transpose", value, perm=[0, 3, 1, 2])

    def from_channels_first(self, value: str) -> str:
        """From 1 x C x H x W to the sweep's layout."""
        return value if self.layout is CHANNELS_FIRST else self.add("Transpose", value, perm=[0, 2, 3, 1])

    def biased(self, value: str, bias: Array | None) -> str:
        """Adds the bias, one number for each channel, if there is one."""
        return (
            value if bias is None else self.add("Add", value, self.constant(self.layout.by_channel(bias), np.float32))
        )

    def crop(self, value: str, areas: Callable[[Tile], tuple[Area, Area]]) -> str:
        """Cuts a value that holds the first of the two areas down to the second, which lies within it."""

        def bounds(tile: Tile) -> Array:
            have, want = areas(tile)
            corner = np.array([have.rows.start, have.columns.start])
            corners = np.array([[want.rows.start, want.columns.start], [want.rows.stop, want.columns.stop]])
            within: Array = corners - corner
            return within

        both = self.control(bounds, [2, 2])
        starts, stops = (self.add("Gather", both, self.constant(np.array(place), np.int64), axis=0) for place in (0, 1))
        axes = self.constant(np.array([self.layout.height, self.layout.width]), np.int64)
        return self.add("Slice", value, starts, stops, axes)

    def _input(self, entry: Any, entries: dict[str, Any], kind: int, shape: Iterable[int]) -> str:
        name = f"input {len(self._inputs)}"
        entries[name] = entry
        self._inputs.append(helper.make_tensor_value_info(name, kind, _open(name, shape)))
        return name


def _open(name: str, shape: Iterable[int]) -> list[int | str]:
    """The shape for ONNX: a length of -1 becomes a name, which stands for any length."""
    return [length if length >= 0 else f"{name} {place}" for place, length in enumerate(shape)]
