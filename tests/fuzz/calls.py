"""Calls of every method that the server offers, with messages of any kind and number."""

from __future__ import annotations

from random import Random
from typing import Any

import grpc
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from tests.fuzz.dice import shuffled
from tests.fuzz.holding import Broken, check_request_id, check_status, check_text
from tests.fuzz.messages import Known, altered, message
from tests.fuzz.right import FILTERS, PIXELS, picture, right_requests
from tests.fuzz.target import Target

SECONDS = 20.0  # a call that takes longer has no answer
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
_FILTERS = (*FILTERS, "nope")
_KNOWN: Known = {
    "filter_id": _FILTERS,
    "model_name": _FILTERS,
    "id": _FILTERS,
    "name": ("image", "image_uint8", "translated", "translated_uint8", *_FILTERS),
    "datatype": ("FP32", "UINT8", "BYTES", "INT64"),
    "pixels": (PIXELS.tobytes(), b"\0" * 12, b""),
    "image": (picture("PNG"), picture("JPEG"), picture("WEBP")),
    "data": (picture("PNG"), b"\0" * 12),
    "raw_input_contents": (PIXELS.tobytes(), b"\0" * 12, b"\0" * 48),
    "service": _NAMES,
    "file_containing_symbol": _NAMES,
    "preset": ("sincut", "sincut-quick", "nope"),
    "key": ("timeout", "images", "classification", "shared_memory_region", "output"),
    "path": ("a.png", "../a.png", "/etc/hostname"),
}

_METADATA: tuple[tuple[str, str | bytes], ...] = (
    ("authorization", "Bearer nope"),
    ("authorization", ""),
    ("x-request-id", "a" * 4000),
    ("x-request-id", "request 1; status=OK"),
    ("x-request-id", "0123-abc"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-bin", b"\0\xff"),
    ("user-agent", "%s%n"),
    ("a", "b" * 3000),
)


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
        call = method_of_bytes(iter(sent), timeout=SECONDS, metadata=_metadata(dice))
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
                check_request_id(call)
            else:
                check_text(call.details() or "", *self._target.places)
            if call.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise Broken(f"A call was not answered within {SECONDS} seconds.")
        except Broken as broken:
            raise Broken(f"{path} with {_shown(sent)}: {broken}") from broken


def _metadata(dice: Random) -> tuple[tuple[str, str | bytes], ...]:
    """What a client may well send, as gRPC's lets nothing else through."""
    return tuple(dice.choices(_METADATA, k=dice.choice((0, 0, 1, 2))))


def _is_endless(method: MethodDescriptor) -> bool:
    return method.name.startswith("Watch")


def _sent(method: MethodDescriptor, dice: Random) -> list[bytes]:
    right = right_requests(method.name, dice)
    if right and dice.random() < 0.8:
        whole, place = [one.SerializeToString() for one in right], dice.randrange(len(right))
        whole[place] = altered(right[place], dice, _KNOWN)
        return shuffled(whole, dice) if dice.random() < 0.5 else whole
    count = dice.choice((0, 1, 2, 3, 8)) if method.client_streaming else dice.choice((1, 1, 1, 1, 1, 1, 1, 0, 2))
    return [message(method.input_type, dice, _KNOWN) for _ in range(count)]


def _shown(sent: list[bytes]) -> str:
    return str([one if len(one) <= 100 else one[:100] + b"..." for one in sent[:3]])
