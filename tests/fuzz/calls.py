"""Calls of every method that the server offers, with messages of any kind and number."""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random
from typing import Any

import grpc
import numpy as np
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from PIL import Image
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from tests.fuzz.dice import mutated, shuffled
from tests.fuzz.holding import Broken, check_status, check_text
from tests.fuzz.messages import Known, message
from tests.fuzz.target import Target

SECONDS = 20.0  # a call that takes longer has no answer
_PIXELS = np.arange(48, dtype=np.uint8)


def _picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(_PIXELS.reshape(4, 4, 3)).save(file, kind)
    return file.getvalue()


_FILES: tuple[FileDescriptor, ...] = (
    translation_pb2.DESCRIPTOR,
    filters_pb2.DESCRIPTOR,
    training_pb2.DESCRIPTOR,
    open_inference_pb2.DESCRIPTOR,
)
_FILES_OF_GRPC: tuple[Any, ...] = (health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR)
_SERVICES = [service for file in (*_FILES, *_FILES_OF_GRPC) for service in file.services_by_name.values()]
METHODS: tuple[MethodDescriptor, ...] = tuple(
    method for service in _SERVICES for method in service.methods_by_name.values()
)
_NAMES = tuple(service.full_name for service in _SERVICES)
_FILTERS = ("identity", "inverting", "normalising", "failing", "nope")
_KNOWN: Known = {
    "filter_id": _FILTERS,
    "model_name": _FILTERS,
    "id": _FILTERS,
    "name": ("image", "image_uint8", "translated", "translated_uint8", *_FILTERS),
    "datatype": ("FP32", "UINT8", "BYTES", "INT64"),
    "pixels": (_PIXELS.tobytes(), b"\0" * 12, b""),
    "image": (_picture("PNG"), _picture("JPEG"), _picture("WEBP")),
    "data": (_picture("PNG"), b"\0" * 12),
    "raw_input_contents": (_PIXELS.tobytes(), b"\0" * 12, b"\0" * 48),
    "service": _NAMES,
    "file_containing_symbol": _NAMES,
    "preset": ("sincut", "sincut-quick", "nope"),
    "key": ("timeout", "images", "classification", "shared_memory_region", "output"),
    "path": ("a.png", "../a.png", "/etc/hostname"),
}


class Calls:
    """Of one server. An attempt is a call of one method, read to its end, or cancelled where it has none."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def attempt(self, dice: Random) -> None:
        """Raises Broken unless the call ends as it may."""
        method = dice.choice(METHODS)
        path = f"/{method.containing_service.full_name}/{method.name}"
        is_own = method.containing_service.file in _FILES
        sent = _sent(method, dice)
        method_of_bytes: grpc.StreamStreamMultiCallable[bytes, bytes]
        method_of_bytes = self._target.connection.channel.stream_stream(path)
        call = method_of_bytes(iter(sent), timeout=SECONDS)
        try:
            for _ in call:
                if _is_endless(method) or dice.random() < 0.02:
                    call.cancel()
        except grpc.RpcError:
            pass
        self._check(path, call, sent, is_own=is_own)

    def _check(self, path: str, call: grpc.Call, sent: list[bytes], *, is_own: bool) -> None:
        try:
            if is_own:
                check_status(call, *self._target.places)
            else:
                check_text(call.details() or "", *self._target.places)
            if call.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise Broken(f"A call was not answered within {SECONDS} seconds.")
        except Broken as broken:
            raise Broken(f"{path} with {_shown(sent)}: {broken}") from broken


def _is_endless(method: MethodDescriptor) -> bool:
    return method.name.startswith("Watch")


def _sent(method: MethodDescriptor, dice: Random) -> list[bytes]:
    if method.full_name == "pleinair.v1.TranslationService.Translate" and dice.random() < 0.5:
        return shuffled(list(_translation(dice)), dice)
    count = dice.choice((0, 1, 2, 3, 8)) if method.client_streaming else dice.choice((1, 1, 1, 1, 1, 1, 1, 0, 2))
    return [message(method.input_type, dice, _KNOWN) for _ in range(count)]


def _translation(dice: Random) -> Iterator[bytes]:
    """A right one, in pieces of any size."""
    size = dice.choice((1, 7, 48))
    header = translation_pb2.TranslateHeader(
        filter_id=dice.choice(_FILTERS), width=4, height=4, preview_side=dice.choice((0, 2))
    )
    header.pixel_format.channels = translation_pb2.CHANNELS_RGB
    header.pixel_format.sample_type = translation_pb2.SAMPLE_TYPE_UINT8
    yield mutated(translation_pb2.TranslateRequest(header=header).SerializeToString(), dice)
    for start in range(0, _PIXELS.nbytes, size):
        yield translation_pb2.TranslateRequest(pixels=_PIXELS[start : start + size].tobytes()).SerializeToString()


def _shown(sent: list[bytes]) -> str:
    return str([one if len(one) <= 100 else one[:100] + b"..." for one in sent[:3]])
