"""Filters of every kind that the server treats in a way of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from tests import factories


def put_kinds(folder: Path) -> list[str]:
    """Puts one of each into the folder. Returns their identifiers."""
    for made in (*map(_factory, _OF_FACTORIES), _answering_nan(), _softened()):
        factories.put(folder, made)
    factories.put(folder, factories.foreign(), name="foreign")
    (folder / "foreign.toml").write_text(factories.SIDECAR, encoding="utf-8")
    return sorted(path.stem for path in folder.glob("*.onnx"))


# In tiles without and with statistics, in half precision, whole for one operation or another, and failing.
_OF_FACTORIES = ("inverting", "normalising", "half", "swapping", "centring", "darkening", "failing")


def _factory(name: str) -> onnx.ModelProto:
    made: onnx.ModelProto = getattr(factories, name)()
    return made


def _softened() -> onnx.ModelProto:
    """Whole: every value depends on its row's others."""
    return _described("softened", [helper.make_node("Softmax", ["image"], ["translated"], axis=3)])


def _answering_nan() -> onnx.ModelProto:
    """Answers pictures that are more than 128 pixels wide with what is no number: a root of less than nothing."""
    nodes = [
        helper.make_node("Shape", ["image"], ["width"], start=3),
        helper.make_node("Cast", ["width"], ["length"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Sub", ["most", "length"], ["left"]),
        helper.make_node("Sqrt", ["left"], ["root"]),
        helper.make_node("Mul", ["root", "nothing"], ["added"]),
        helper.make_node("Add", ["image", "added"], ["translated"]),
    ]
    return _described("answering-nan", nodes, most=np.float32(128), nothing=np.float32(0))


def _described(identifier: str, nodes: list[onnx.NodeProto], **constants: np.float32) -> onnx.ModelProto:
    told = factories.metadata(identifier=identifier, title=identifier)
    return factories.model(nodes, constants=constants, told=told)
