"""Requests that are right, for nonsense that gets beyond the first look at it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from random import Random

import numpy as np
from google.protobuf.message import Message
from PIL import Image
from pleinair.inference import open_inference_pb2
from pleinair.v1 import training_pb2, translation_pb2

from tests.fuzz.parts import changed

SIDE = 4
PIXELS = np.arange(SIDE * SIDE * 3, dtype=np.uint8)
FILTERS = ("identity", "inverting", "normalising", "failing")


def picture(kind: str) -> bytes:
    """A small picture file."""
    file = io.BytesIO()
    Image.fromarray(PIXELS.reshape(SIDE, SIDE, 3)).save(file, kind)
    return file.getvalue()


def right_requests(method: str, dice: Random) -> Sequence[Message]:
    """Whole requests of a method, by its name; none of methods for which any message will do."""
    return _REQUESTS[method](dice) if method in _REQUESTS else ()


def _translate(dice: Random) -> Sequence[Message]:
    """Pixels in pieces of any size."""
    size = dice.choice((1, 7, 48))
    header = translation_pb2.TranslateHeader(
        filter_id=dice.choice(FILTERS), width=SIDE, height=SIDE, preview_side=dice.choice((0, 2))
    )
    header.pixel_format.channels = translation_pb2.CHANNELS_RGB
    header.pixel_format.sample_type = translation_pb2.SAMPLE_TYPE_UINT8
    pieces = (PIXELS[start : start + size].tobytes() for start in range(0, PIXELS.nbytes, size))
    return [
        translation_pb2.TranslateRequest(header=header),
        *(translation_pb2.TranslateRequest(pixels=piece) for piece in pieces),
    ]


def _translate_image(dice: Random) -> Sequence[Message]:
    file = picture(dice.choice(("PNG", "JPEG", "WEBP")))
    return [translation_pb2.TranslateImageRequest(filter_id=dice.choice(FILTERS), image=file)]


def _infer(dice: Random) -> Sequence[Message]:
    """The values raw, or as numbers."""
    floats = dice.random() < 0.5
    request = open_inference_pb2.ModelInferRequest(model_name=dice.choice(FILTERS), id="1")
    tensor = request.inputs.add(name="image" if floats else "image_uint8", datatype="FP32" if floats else "UINT8")
    tensor.shape.extend((1, 3, SIDE, SIDE) if floats else (1, SIDE, SIDE, 3))
    values = (PIXELS / np.float32(255)).astype(np.float32) if floats else PIXELS
    if dice.random() < 0.6:
        request.raw_input_contents.append(values.tobytes())
    elif floats:
        tensor.contents.fp32_contents.extend(map(float, values))
    else:
        tensor.contents.uint_contents.extend(map(int, values))
    request.parameters["timeout"].int64_param = 10_000_000
    request.outputs.add(name=dice.choice(("translated", "translated_uint8")))
    return [request]


def _start_training(dice: Random) -> Sequence[Message]:
    """Two small pictures, in one piece each."""
    header = training_pb2.TrainingHeader(title="Odd", preset="sincut-quick", picture_count=2)
    header.options["images"] = "1"
    made: list[Message] = [training_pb2.StartTrainingRequest(header=header)]
    for role in (training_pb2.TrainingPicture.ROLE_SOURCE, training_pb2.TrainingPicture.ROLE_TARGET):
        file = picture(dice.choice(("PNG", "JPEG")))
        file = changed(file, dice) if dice.random() < 0.4 else file
        about = training_pb2.TrainingPicture(role=role, name="a.png", file_bytes=len(file))
        made += [training_pb2.StartTrainingRequest(picture=about), training_pb2.StartTrainingRequest(data=file)]
    return made


_REQUESTS: Mapping[str, Callable[[Random], Sequence[Message]]] = {
    "Translate": _translate,
    "TranslateImage": _translate_image,
    "ModelInfer": _infer,
    "StartTraining": _start_training,
}
