"""The methods that the server offers, and values that mean something to them."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from tests.fuzz.messages import Known
from tests.fuzz.right import FILTERS, PIXELS, picture

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
KNOWN: Known = {
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

METADATA: tuple[tuple[str, str | bytes], ...] = (
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


def is_own(method: MethodDescriptor) -> bool:
    """Whether it is of our own services, and not of those that gRPC brings."""
    return method.containing_service.file in _FILES
