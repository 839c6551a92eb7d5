"""Tensors of the Open Inference Protocol, whatever a request says of them."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pleinair.inference import open_inference_pb2 as pb

from server.errors import Refusal
from server.wire.tensors import LAYOUTS, batch_from

LENGTHS = some.one_of(some.integers(0, 4), some.integers(-(2**63), 2**63 - 1))
MOST = 96  # bytes that come


@some.composite
def requests(draw: some.DrawFn) -> pb.ModelInferRequest:
    """What hardly any client sends, and in between what all send."""
    layout = draw(some.sampled_from(LAYOUTS))
    small = some.tuples(*(some.integers(1, 2) if length < 0 else some.just(length) for length in layout.shape))
    shape = draw(some.one_of(small, some.lists(LENGTHS, max_size=5)))
    fitting = prod(shape) * layout.dtype.itemsize
    sizes = [fitting] * (0 <= fitting <= MOST) + [draw(some.integers(0, MOST))]
    numbers = draw(some.lists(some.integers(0, 300), max_size=12))
    tensor = pb.ModelInferRequest.InferInputTensor(
        name=layout.input,
        datatype=draw(some.sampled_from([layout.datatype, "FP64"])),
        shape=shape,
        contents=pb.InferTensorContents(uint_contents=numbers) if draw(some.booleans()) else None,
    )
    raw = [bytes(draw(some.sampled_from(sizes)))] * draw(some.integers(0, 2))
    return pb.ModelInferRequest(inputs=[tensor], raw_input_contents=raw)


@given(requests())
def test_a_request_is_refused_in_one_sentence_or_is_pictures_of_the_shape_that_it_says(
    request: pb.ModelInferRequest,
) -> None:
    try:
        batch = batch_from(request)
    except Refusal as refusal:
        assert refusal.field
        assert len(refusal.sentence) < 300
    else:
        assert batch.values.shape == tuple(request.inputs[0].shape)
        pictures = batch.pictures()
        assert (pictures.shape[3], pictures.size) == (3, batch.values.size)


@pytest.mark.parametrize(
    ("name", "datatype", "itemsize", "wanted", "expected"),
    [
        ("image_uint8", "UINT8", 1, [], 1 + 1 + 1),
        ("image", "FP32", 4, [], 4 + 4 + 4),
        ("image_uint8", "UINT8", 1, ["translated"], 1 + 4 + 4),
        ("image_uint8", "UINT8", 1, ["translated", "translated_uint8"], 1 + 4 + 5),
    ],
)
def test_a_batch_says_what_it_and_its_answer_take_of_the_memory(
    name: str, datatype: str, itemsize: int, wanted: list[str], expected: int
) -> None:
    shape = [2, 5, 7, 3] if itemsize == 1 else [2, 3, 5, 7]
    request = pb.ModelInferRequest(raw_input_contents=[bytes(210 * itemsize)])
    request.inputs.add(name=name, datatype=datatype, shape=shape)
    for output in wanted:
        request.outputs.add(name=output)
    assert batch_from(request).memory_bytes == 2 * 210 * expected
