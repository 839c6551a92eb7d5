"""The texts in the ``metadata_props`` of an ONNX file by which a filter describes itself."""

from __future__ import annotations

PREFIX = "pleinair."  # of every key
FORMAT = "1"  # the only version of these texts so far
VALUE_RANGE = "-1,1"  # of the network's inputs and outputs


def key(name: str) -> str:
    """Returns the metadata key for ``name``, for example ``pleinair.title`` for ``title``."""
    return PREFIX + name
