"""What came out of Krita, as arrays."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = {"U8": "u1", "U16": "<u2", "F16": "<f2", "F32": "<f4"}
_CHANNELS = {"RGBA": 4, "GRAYA": 2}
FULL = {"U8": 255, "U16": 65535, "F16": 1.0, "F32": 1.0}

Pixels = npt.NDArray[Any]


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def pixels_of(layer: dict[str, Any]) -> Pixels:
    """Height x width x channels, alpha last."""
    model, depth, _profile = layer["space"]
    _x, _y, width, height = layer["area"]
    return np.frombuffer(decoded(layer["pixels"]), _TYPES[depth]).reshape(height, width, _CHANNELS[model])


def samples(text: str, depth: str, channels: int) -> Pixels:
    """Pixels x channels."""
    return np.frombuffer(decoded(text), _TYPES[depth]).reshape(-1, channels)
