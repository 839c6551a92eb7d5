"""Reads .safetensors files: a header of JSON that names tensors, then their values. Every length is checked.

The format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

LARGEST_HEADER = 16 << 20  # bytes; a generator's has some thousand
_START = 8  # bytes, which hold the header's length
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class BadSafetensors(ValueError):
    """What is wrong with a file; speaks of it as "it"."""


def is_safetensors(start: bytes) -> bool:
    """Returns whether a file that begins with these bytes, at least 9, is meant to be a .safetensors file."""
    return start[_START : _START + 1] == b"{" and not start.startswith((b"PK", b"\x80"))


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Returns the tensors by name, mapped from the file, which must not change meanwhile. Raises BadSafetensors, and
    OSError."""
    size = path.stat().st_size
    header, begin = _header(path, size)
    entries = {name: _entry(name, told) for name, told in header.items() if name != "__metadata__"}
    _check_places([place for _, _, place in entries.values()], size - begin)
    if size == begin:
        return {name: torch.empty(shape, dtype=dtype) for name, (dtype, shape, _) in entries.items()}
    data = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8)[begin:]
    return {name: _tensor(data, *entry) for name, entry in entries.items()}


def _header(path: Path, size: int) -> tuple[Mapping[str, Any], int]:
    """Returns the header, and where the values begin."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_START), "little")
        if length > min(size - _START, LARGEST_HEADER):
            raise BadSafetensors(f"its header should have {length:,} bytes, and the file has {size:,}")
        text = file.read(length)
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise BadSafetensors("its header is no JSON") from None
    if not isinstance(header, dict):
        raise BadSafetensors("its header names no tensors")
    return header, _START + length


def _entry(name: str, told: Any) -> tuple[torch.dtype, list[int], tuple[int, int]]:
    """Returns a tensor's type, shape and place among the values, in bytes."""
    told = told if isinstance(told, dict) else {}
    kind, shape, place = told.get("dtype"), _lengths(told.get("shape")), _lengths(told.get("data_offsets"))
    if shape is None or place is None or len(place) != 2:
        raise BadSafetensors(f"its header does not say where {name[:100]!r} is")
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise BadSafetensors(
            f"{name[:100]!r} has values of the kind {str(kind)[:20]}, of which only {', '.join(_DTYPES)} are read"
        )
    begin, end = place
    needed = prod(shape) * _DTYPES[kind].itemsize
    if end - begin != needed:
        raise BadSafetensors(f"{name[:100]!r} needs {needed:,} bytes, and its header gives it {end - begin:,}")
    return _DTYPES[kind], shape, (begin, end)


def _lengths(numbers: Any) -> list[int] | None:
    """Whole numbers from 0 on that PyTorch can take, or None for anything else."""
    are_lengths = isinstance(numbers, list) and all(type(one) is int and 0 <= one < 1 << 62 for one in numbers)
    return numbers if are_lengths else None


def _check_places(places: list[tuple[int, int]], available: int) -> None:
    """Raises BadSafetensors unless the tensors lie side by side and fill the file, as the format demands."""
    ordered = [(0, 0), *sorted(places), (available, available)]
    for (_, end), (begin, _) in pairwise(ordered):
        if begin != end:
            raise BadSafetensors(
                f"it has {available:,} bytes of values, which its tensors do not fill: after byte {end:,} comes"
                f" {begin:,}"
            )


def _tensor(data: Tensor, dtype: torch.dtype, shape: list[int], place: tuple[int, int]) -> Tensor:
    values = data[place[0] : place[1]]
    aligned = values if values.storage_offset() % dtype.itemsize == 0 else values.clone()
    return aligned.view(dtype).reshape(shape)
