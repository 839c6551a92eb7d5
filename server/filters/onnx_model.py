"""Checks an ONNX file before onnxruntime loads it: one picture in, one picture out, nothing outside the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import onnx

from server.engine.feed import Precision
from server.errors import FilterProblem

_DAMAGED = "It is not an ONNX file, or a damaged or half-copied one; copy or export it again."
_PRECISIONS = {onnx.TensorProto.FLOAT: Precision.FLOAT32, onnx.TensorProto.FLOAT16: Precision.FLOAT16}


@dataclass(frozen=True)
class OnnxModel:
    """What a filter's ONNX file declares: its text metadata, and its inputs and outputs by name, with their types."""

    metadata: dict[str, str]
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def precision(self, name: str) -> Precision:
        """Returns the precision of the input ``name``. Raises FilterProblem when it does not take floats."""
        precision = _PRECISIONS.get(self.inputs[name].tensor_type.elem_type)
        if precision is None:
            raise FilterProblem(f"Its input '{name}' is not of type float32 or float16; export it with one of these.")
        return precision

    def shape(self, name: str) -> list[int | None]:
        """Returns the lengths of the four axes of the input ``name``, None where dynamic. Raises FilterProblem for any
        other number of axes."""
        axes = self.inputs[name].tensor_type.shape.dim
        if len(axes) != 4:
            raise FilterProblem(
                f"Its input '{name}' has {len(axes)} axes; a picture has four (batch, channels, height and width)."
            )
        return [axis.dim_value if axis.HasField("dim_value") else None for axis in axes]


def read_model(data: bytes) -> OnnxModel:
    """Reads what an ONNX file declares. Raises FilterProblem when it is not an ONNX file, or needs other files."""
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:
        raise FilterProblem(_DAMAGED) from error
    if any(_is_external(message) for message in _messages(model)):
        raise FilterProblem(
            "It keeps weights in another file (external data), and a filter is one file; export it with"
            " external_data=False."
        )
    graph = model.graph
    texts = [text for entry in model.metadata_props for text in (entry.key, entry.value)]
    if not all(isinstance(text, str) for text in (*texts, *(end.name for end in (*graph.input, *graph.output)))):
        raise FilterProblem(_DAMAGED)  # protobuf gives bytes for what is not UTF-8
    constants = {tensor.name for tensor in graph.initializer}
    return OnnxModel(
        metadata={entry.key: entry.value for entry in model.metadata_props},
        inputs={end.name: end.type for end in graph.input if end.name not in constants},
        outputs={end.name: end.type for end in graph.output},
    )


def check_size_is_free(height: int | None, width: int | None, name: str, *, advice: str) -> None:
    """Raises FilterProblem, whose sentence ends in ``advice``, when the height or width of the input ``name`` is
    fixed."""
    if height is not None or width is not None:
        raise FilterProblem(
            f"Its input '{name}' takes pictures of {height or 'any'} x {width or 'any'} pixels only (height x width);"
            f" {advice}."
        )


def _messages(message: Any) -> Iterator[Any]:
    """Yields a protobuf message and all messages within it: tensors also hide in attributes, subgraphs and
    functions."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if field.is_repeated else [value]:
                yield from _messages(part)


def _is_external(message: Any) -> bool:
    return isinstance(message, onnx.TensorProto) and (
        message.data_location == onnx.TensorProto.EXTERNAL or len(message.external_data) > 0
    )
