"""The few numbers that say how large other values are: computed by ONNX's definitions, the usual ones by numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

Array = NDArray[Any]
Attributes = dict[str, Any]


class SmallValues:
    """Of the nodes of one model, which imports these ``opsets``. It remembers what it has computed."""

    def __init__(self, opsets: Sequence[onnx.OperatorSetIdProto]) -> None:
        self._opsets = list(opsets)
        self._computed: dict[bytes, list[Array] | None] = {}

    def outputs(self, node: onnx.NodeProto, values: dict[str, Array]) -> list[Array] | None:
        """What the node gives, by the ``values`` of its inputs; None where that cannot be found out."""
        usual = _USUAL.get(node.op_type)
        if usual is not None and node.domain in ("", "ai.onnx") and all(name in values for name in node.input):
            attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
            return [np.asarray(usual([values[name] for name in node.input], attributes))]
        parts = [node.SerializeToString()]
        parts += [value.tobytes() + str((value.dtype, value.shape)).encode() for value in values.values()]
        key = b"".join(parts)
        if key not in self._computed:
            self._computed[key] = self._evaluated(node, values)
        return self._computed[key]

    def _evaluated(self, node: onnx.NodeProto, values: dict[str, Array]) -> list[Array] | None:
        from onnx.reference import ReferenceEvaluator  # slow to import, and most networks do without

        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in values.items()
        ]
        ends = [helper.make_empty_tensor_value_info(name) for name in node.output]
        try:
            model = helper.make_model(helper.make_graph([node], "part", infos, ends), opset_imports=self._opsets)
            return list(ReferenceEvaluator(model).run(None, values))
        except Exception:  # what the evaluator lacks, nobody knows
            return None


def _gather(values: list[Array], attributes: Attributes) -> Array:
    return np.take(values[0], values[1], axis=attributes.get("axis", 0))


def _concat(values: list[Array], attributes: Attributes) -> Array:
    return np.concatenate(values, axis=attributes["axis"])


def _cast(values: list[Array], attributes: Attributes) -> Array:
    return values[0].astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))


_USUAL: dict[str, Callable[[list[Array], Attributes], Array]] = {
    "Gather": _gather,
    "Concat": _concat,
    "Cast": _cast,
    "Identity": lambda values, attributes: values[0],
    "Add": lambda values, attributes: values[0] + values[1],
    "Sub": lambda values, attributes: values[0] - values[1],
    "Mul": lambda values, attributes: values[0] * values[1],
}
