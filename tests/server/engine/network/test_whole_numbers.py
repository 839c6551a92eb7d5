"""Which networks between whole numbers are read as networks between floats."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

from server.engine.network.operations import Pointwise
from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, small

TO_FLOAT = helper.make_node("Cast", [INPUT], ["floats"], to=TensorProto.FLOAT)


def bytes_between(*nodes: onnx.NodeProto) -> bytes:
    return small(TO_FLOAT, *nodes, kind=TensorProto.UINT8)


def test_bytes_that_are_floats_between_are_read() -> None:
    squared = helper.make_node("Mul", ["floats", "floats"], ["squared"])
    back = helper.make_node("Cast", ["squared"], [OUTPUT], to=TensorProto.UINT8)
    network = read_network(bytes_between(squared, back), input=INPUT, output=OUTPUT)
    pointwise = [layer.operation for layer in network.layers if isinstance(layer.operation, Pointwise)]
    assert [one.operation for one in pointwise] == ["Mul", "Floor"]


def test_what_is_computed_in_bytes_is_not() -> None:
    back = helper.make_node("Cast", ["floats"], ["bytes"], to=TensorProto.UINT8)
    added = helper.make_node("Add", ["bytes", "bytes"], [OUTPUT])
    with pytest.raises(UnsupportedNetwork):
        read_network(bytes_between(back, added), input=INPUT, output=OUTPUT)
    doubled = helper.make_node("Add", [INPUT, INPUT], [OUTPUT])
    with pytest.raises(UnsupportedNetwork, match="Add"):
        read_network(small(doubled, kind=TensorProto.UINT8), input=INPUT, output=OUTPUT)
