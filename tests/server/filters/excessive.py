"""Filters that ask for more than a studio would give any file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests import factories


def endless() -> onnx.ModelProto:
    """Is not done with a small picture in minutes: it computes it 32 times as high and as wide. The file is small."""
    names = ["many", *(f"step{number}" for number in range(400))]
    nodes = [
        helper.make_node("Conv", ["image", "widen"], ["wide"]),
        helper.make_node("Resize", ["wide", "", "larger"], ["many"], mode="nearest"),
        *(helper.make_node("Conv", [a, "weights"], [b], pads=[1] * 4) for a, b in pairwise(names)),
        helper.make_node("Resize", [names[-1], "", "smaller"], ["few"], mode="nearest"),
        helper.make_node("Conv", ["few", "narrow"], ["translated"]),
    ]
    shapes = {"widen": (64, 3, 1, 1), "weights": (64, 64, 3, 3), "narrow": (3, 64, 1, 1)}
    constants = {name: np.zeros(size, np.float32) for name, size in shapes.items()}
    constants |= {"larger": np.array([1, 1, 32, 32], np.float32), "smaller": np.array([1, 1, 1, 1], np.float32)}
    constants["smaller"][2:] = 1 / 32
    return factories.model(nodes, constants=constants, told=factories.metadata(identifier="endless"))


def greedy(values: int) -> onnx.ModelProto:
    """Wants so many times 4 bytes for a picture of any size."""
    nodes = [
        helper.make_node("Expand", ["zero", "shape"], ["many"]),
        helper.make_node("ReduceMax", ["many"], ["most"], keepdims=0),
        helper.make_node("Add", ["image", "most"], ["translated"]),
    ]
    constants = {"zero": np.float32(0), "shape": np.array([values])}
    return factories.model(nodes, constants=constants, told=factories.metadata(identifier="greedy"))


def counting() -> onnx.ModelProto:
    """Counts to 2^62 in a branch of a condition, which costs no memory."""
    rounds = helper.make_tensor_value_info("rounds", TensorProto.INT64, [])
    go, on = (helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("go", "on"))
    picture = helper.make_tensor_value_info("translated", TensorProto.FLOAT, factories.IMAGE)
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["on"])], "body", [rounds, go], [on])
    loop = helper.make_node("Loop", ["many", "yes"], [], body=body)
    counted = helper.make_graph(
        [loop, helper.make_node("Identity", ["image"], ["translated"])], "branch", [], [picture]
    )
    nodes = [helper.make_node("If", ["yes"], ["translated"], then_branch=counted, else_branch=counted)]
    constants = {"many": np.array(1 << 62), "yes": np.array(True)}
    return factories.model(nodes, constants=constants, told=factories.metadata(identifier="counting"))


def long(length: int) -> onnx.ModelProto:
    """So many operations, one after the other."""
    names = ["image", *(f"step{number}" for number in range(length - 1)), "translated"]
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in pairwise(names)]
    return factories.model(nodes, told=factories.metadata(identifier="long"))
