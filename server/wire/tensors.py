"""Pictures as tensors of the Open Inference Protocol, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb

from server.errors import Reason, Refusal

# They would change where the answer goes or what it is, so they cannot be ignored.
_UNSUPPORTED = ("shared_memory_region", "classification")
_MOST_TOLD = 8  # dimensions of a shape in a sentence


@dataclass(frozen=True)
class Layout:
    """One layout of N pictures in a tensor; -1 in ``shape`` means any length."""

    input: str
    output: str
    datatype: str
    dtype: np.dtype[Any]
    shape: tuple[int, int, int, int]
    contents: str  # the field of InferTensorContents

    def __str__(self) -> str:
        sizes = iter("NHW")
        return " x ".join(str(length) if length > 0 else next(sizes) for length in self.shape)


PLANES = Layout("image", "translated", "FP32", np.dtype("<f4"), (-1, 3, -1, -1), "fp32_contents")  # from -1 to 1
PIXELS = Layout("image_uint8", "translated_uint8", "UINT8", np.dtype("u1"), (-1, -1, -1, 3), "uint_contents")
LAYOUTS = (PLANES, PIXELS)


@dataclass(frozen=True)
class Batch:
    """A request's pictures: ``values`` in the shape of their ``layout``, and the layouts that are wanted back."""

    values: NDArray[Any]
    layout: Layout
    wanted: tuple[Layout, ...]

    @property
    def memory_bytes(self) -> int:
        """What is taken at the most beside what is computed: the request as it came and as it is read, pictures and
        results, and the answer as it is made and as it is sent."""
        sample = 4 if PLANES in (self.layout, *self.wanted) else 1
        answer = sum(layout.dtype.itemsize for layout in self.wanted)
        return 2 * (self.values.nbytes + self.values.size * (sample + answer))

    def pictures(self) -> NDArray[Any]:
        """The pictures as N x H x W x 3: float32 from 0 to 1 if floats were sent or are wanted, else uint8."""
        if self.layout is PLANES:
            planes = self.values.transpose(0, 2, 3, 1)
            pictures: NDArray[Any] = np.multiply(planes, np.float32(0.5), out=np.empty(planes.shape, np.float32))
            pictures += np.float32(0.5)
            return pictures
        if PLANES in self.wanted:
            return np.asarray(self.values / np.float32(255))
        return self.values


def batch_from(request: pb.ModelInferRequest) -> Batch:
    """Reads one batch of pictures in a known layout. Raises Refusal for anything else, before it allocates memory."""
    if len(request.inputs) != 1:
        raise _wrong("inputs", f"The request has {len(request.inputs)} inputs; expected {_choice()}.")
    given = request.inputs[0]
    layout = next((layout for layout in LAYOUTS if layout.input == given.name), None)
    if layout is None:
        raise _wrong("inputs[0].name", f"There is no input {given.name[:64]!r}; expected {_choice()}.")
    if given.datatype != layout.datatype:
        raise _wrong(
            "inputs[0].datatype",
            f"Input '{layout.input}' has the datatype {given.datatype[:16]!r}; expected {layout.datatype}.",
        )
    _check_parameters("inputs[0].parameters", given.parameters)
    _check_shape(layout, given.shape)
    wanted = _wanted(request.outputs) or (layout,)
    return Batch(_values(layout, request).reshape(given.shape), layout, wanted)


def seconds_from(request: pb.ModelInferRequest) -> float | None:
    """The request's own deadline in seconds, from its parameter ``timeout`` in microseconds; None without one. Raises
    Refusal."""
    if "timeout" not in request.parameters:
        return None
    parameter = request.parameters["timeout"]
    if parameter.WhichOneof("parameter_choice") != "int64_param" or parameter.int64_param < 0:
        raise _wrong("parameters.timeout", "The timeout is not a number of microseconds; send 0 or more as an int64.")
    return parameter.int64_param / 1e6 or None


def tensor_metadata(name: str, layout: Layout) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(name=name, datatype=layout.datatype, shape=layout.shape)


def put_pictures(response: pb.ModelInferResponse, pictures: Sequence[NDArray[Any]], wanted: Iterable[Layout]) -> None:
    """Adds pictures, each H x W x 3, uint8 or float32 from 0 to 1, as outputs; floats can become either layout."""
    for layout in wanted:
        values = np.stack([_laid_out(picture, layout) for picture in pictures])
        response.outputs.add(name=layout.output, datatype=layout.datatype, shape=values.shape)
        response.raw_output_contents.append(values.tobytes())


def _laid_out(picture: NDArray[Any], layout: Layout) -> NDArray[Any]:
    if layout is PLANES:
        values = picture.transpose(2, 0, 1) * np.float32(2) - np.float32(1)
    elif picture.dtype == layout.dtype:
        return picture
    else:
        values = np.floor(picture * np.float32(255) + np.float32(0.5))
    return values.astype(layout.dtype, copy=False)


def _wrong(field: str, sentence: str) -> Refusal:
    return Refusal(Reason.BAD_HEADER, sentence, field=field)


def _choice() -> str:
    return "one of " + " and ".join(f"'{layout.input}' ({layout.datatype}, {layout})" for layout in LAYOUTS)


def _check_parameters(field: str, parameters: Mapping[str, pb.InferParameter]) -> None:
    for name in _UNSUPPORTED:
        if name in parameters:
            raise _wrong(field, f"This server does not support '{name}'; leave it out: values travel in the messages.")


def _check_shape(layout: Layout, shape: Sequence[int]) -> None:
    fits = len(shape) == len(layout.shape) and all(
        length == expected if expected > 0 else length > 0 for length, expected in zip(shape, layout.shape, strict=True)
    )
    if not fits:
        raise _wrong(
            "inputs[0].shape",
            f"Input '{layout.input}' has the shape {_told(shape)}; expected {layout}, with no length below 1.",
        )


def _told(shape: Sequence[int]) -> str:
    lengths = " x ".join(map(str, shape[:_MOST_TOLD])) or "of a single number"
    return lengths + " x ..." * (len(shape) > _MOST_TOLD)


def _wanted(outputs: Sequence[pb.ModelInferRequest.InferRequestedOutputTensor]) -> tuple[Layout, ...]:
    layouts = {layout.output: layout for layout in LAYOUTS}
    wanted = []
    for number, output in enumerate(outputs):
        # One that was asked for is gone: the same tensor many times over would exhaust the memory.
        layout = layouts.pop(output.name, None)
        if layout is None:
            raise _wrong(
                f"outputs[{number}].name",
                f"Output {output.name[:64]!r} does not exist or is requested twice; expected '{PLANES.output}' and"
                f" '{PIXELS.output}', each at most once.",
            )
        _check_parameters(f"outputs[{number}].parameters", output.parameters)
        wanted.append(layout)
    return tuple(wanted)


def _values(layout: Layout, request: pb.ModelInferRequest) -> NDArray[Any]:
    """All the input's values in one row, as many as its shape says. Raises Refusal."""
    given = request.inputs[0]
    filled = [field.name for field, _ in given.contents.ListFields()]
    if not request.raw_input_contents:
        return _typed(layout, given, filled)
    if filled:
        raise _wrong(
            "inputs[0].contents", "There are values both in raw_input_contents and in contents; send only one of them."
        )
    if len(request.raw_input_contents) > 1:
        raise _wrong(
            "raw_input_contents",
            f"There are {len(request.raw_input_contents)} raw_input_contents for one input; send one for each input.",
        )
    raw = request.raw_input_contents[0]
    _check_count("raw_input_contents", "bytes", len(raw), given, prod(given.shape) * layout.dtype.itemsize)
    return np.frombuffer(raw, layout.dtype)


def _typed(layout: Layout, given: pb.ModelInferRequest.InferInputTensor, filled: list[str]) -> NDArray[Any]:
    if filled not in ([], [layout.contents]):
        raise _wrong(
            "inputs[0].contents",
            f"The values of '{layout.input}' are in {' and '.join(filled)}; expected them in raw_input_contents, or in"
            f" {layout.contents} alone.",
        )
    numbers = getattr(given.contents, layout.contents)
    _check_count(f"inputs[0].contents.{layout.contents}", "values", len(numbers), given, prod(given.shape))
    values = np.fromiter(numbers, np.uint32 if layout is PIXELS else layout.dtype, len(numbers))
    if layout is PIXELS and values.max() > 255:
        raise _wrong(
            f"inputs[0].contents.{layout.contents}",
            f"The values of '{layout.input}' go up to {values.max()}; expected 0 to 255.",
        )
    return values.astype(layout.dtype, copy=False)


def _check_count(
    field: str, unit: str, count: int, given: pb.ModelInferRequest.InferInputTensor, expected: int
) -> None:
    if count != expected:
        raise Refusal(
            Reason.TOO_FEW_PIXELS if count < expected else Reason.TOO_MANY_PIXELS,
            f"Input '{given.name}' has the shape {_told(given.shape)}, which is {expected} {unit}, but {count}"
            " arrived; send as many as the shape says.",
            field=field,
        )
