"""Requests of the Open Inference Protocol, and their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb

from tests.contract.connection import SECONDS, Connection, Failure, failing

RANDOM = np.random.default_rng(6)
PICTURE = RANDOM.integers(0, 256, (1, 9, 17, 3), np.uint8)
PLANES = RANDOM.uniform(-1, 1, (1, 3, 9, 17)).astype(np.float32)
DATATYPES = {"float32": ("image", "FP32"), "uint8": ("image_uint8", "UINT8")}
TINY = np.zeros((1, 2, 2, 3), np.uint8)


def asked(model: str, pixels: NDArray[Any], *outputs: str, **fields: Any) -> pb.ModelInferRequest:
    """As clients send it: the values raw, beside the tensors."""
    name, datatype = DATATYPES[pixels.dtype.name]
    tensor = pb.ModelInferRequest.InferInputTensor(name=name, datatype=datatype, shape=pixels.shape)
    request = pb.ModelInferRequest(
        model_name=model, inputs=[tensor], raw_input_contents=[pixels.tobytes()], outputs=wanted(*outputs)
    )
    request.MergeFrom(pb.ModelInferRequest(**fields))
    return request


def wanted(*names: str) -> list[pb.ModelInferRequest.InferRequestedOutputTensor]:
    return [pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in names]


def infer(connection: Connection, request: pb.ModelInferRequest) -> dict[str, NDArray[Any]]:
    """The answer's tensors by name, in its order."""
    return tensors(connection.inference.ModelInfer(request, timeout=SECONDS))


def tensors(response: pb.ModelInferResponse) -> dict[str, NDArray[Any]]:
    dtypes = {"FP32": np.float32, "UINT8": np.uint8}
    return {
        output.name: np.frombuffer(raw, dtypes[output.datatype]).reshape(output.shape)
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=True)
    }


def refused(connection: Connection, request: pb.ModelInferRequest) -> Failure:
    with failing() as failures:
        infer(connection, request)
    return failures[0]


def without_raw(pixels: NDArray[Any], **contents: Any) -> pb.ModelInferRequest:
    request = asked("inverting", pixels)
    request.ClearField("raw_input_contents")
    request.inputs[0].contents.CopyFrom(pb.InferTensorContents(**contents))
    return request
