"""How much a network computes, and how fast the machine could."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx

MATRIX_SIDES = {"cpu": 2048, "cuda": 8192}  # of the square matrices whose product tells the machine's peak


def direct_operations(path: Path, side: int) -> int:
    """Of one picture of side x side pixels: two for each multiply-accumulate."""
    return 2 * multiply_accumulates(path, height=side, width=side)


def multiply_accumulates(path: Path, *, height: int, width: int) -> int:
    """Those of all convolutions of the ONNX network at ``path`` for one picture, computed directly, term by term.

    Raises ValueError for a network in which the size of a convolution's result does not follow from the picture's.
    """
    model = onnx.load(path)
    _fix_size(model.graph, (1, 3, height, width))
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {value.name: _shape(value) for value in [*graph.value_info, *graph.output]}
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    # A weight is out x in / group x height x width: each of its values but "out" is one term of a result's sum.
    return sum(
        prod(_known(shapes, node.output[0])) * prod(weights[node.input[1]][1:])
        for node in graph.node
        if node.op_type == "Conv"
    )


def matrix_rate(side: int, seconds: float) -> float:
    """Operations a second of a product of two square matrices, two for each multiply-accumulate."""
    return 2 * side**3 / seconds


def _fix_size(graph: onnx.GraphProto, shape: tuple[int, ...]) -> None:
    for dimension, length in zip(graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        dimension.dim_value = length
    del graph.value_info[:]  # they speak of any size
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)


def _known(shapes: dict[str, tuple[int, ...]], name: str) -> tuple[int, ...]:
    shape = shapes.get(name, ())
    if not shape or 0 in shape:
        raise ValueError(f"The size of {name} does not follow from the picture's; count another network.")
    return shape
