"""Weights that an ONNX file keeps in another file, NAME.onnx.data beside NAME.onnx, as PyTorch's exporter writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnx import external_data_helper

from server.errors import FilterProblem

# Protobuf's own limit, for a file and for what is handed to onnxruntime.
GREATEST_MODEL = (1 << 31) - 1


def data_path(path: Path) -> Path:
    """Where the weights of the filter ``path`` lie that are not in it."""
    return path.with_name(f"{path.name}.data")


def is_external(model: onnx.ModelProto) -> bool:
    """Whether the model keeps weights in other files."""
    return next(_external(model), None) is not None


def take_in(model: onnx.ModelProto, path: Path) -> None:
    """Reads the weights that the model at ``path`` keeps in other files into it. Raises FilterProblem where they are
    not in the one file that may hold them, and OSError."""
    beside = data_path(path)
    for tensor in _external(model):
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if location != beside.name:
            raise FilterProblem(
                f"It keeps weights in another file, '{location[:100]}', and they are read from {beside.name} beside it"
                " alone; export it under the name that it has now, or with external_data=False."
            )
    if not beside.is_file():
        raise FilterProblem(
            f"It keeps weights in another file, and {beside.name} is not beside it; copy that file too, or export it"
            " with external_data=False."
        )
    size = beside.stat().st_size
    if size + model.ByteSize() > GREATEST_MODEL:
        raise FilterProblem(
            f"It has {size / (1 << 30):.1f} GiB with the weights in {beside.name}, and at most 2 GiB can be served;"
            " export a smaller network, or float16."
        )
    try:
        told = [(tensor, _length(tensor)) for tensor in _external(model)]
        external_data_helper.load_external_data_for_model(model, str(path.parent))
    except OSError:
        raise
    except Exception as error:
        raise FilterProblem(_unfit(beside)) from error
    # Some versions of onnx say nothing of a file that ends early.
    if is_external(model) or any(length not in (0, len(tensor.raw_data)) for tensor, length in told):
        raise FilterProblem(_unfit(beside))


def _unfit(beside: Path) -> str:
    return f"{beside.name} beside it does not hold the weights that it should; copy or export both files again."


def _length(tensor: onnx.TensorProto) -> int:
    """How many bytes of the other file are the tensor's, 0 where that is not told."""
    return next((int(entry.value) for entry in tensor.external_data if entry.key == "length"), 0)


def _external(message: Any) -> Iterator[onnx.TensorProto]:
    """The tensors that are kept elsewhere: they also hide in attributes, subgraphs and functions."""
    if isinstance(message, onnx.TensorProto):
        if message.data_location == onnx.TensorProto.EXTERNAL or len(message.external_data) > 0:
            yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if field.is_repeated else [value]:
                yield from _external(part)
